package ask

// region returns where to ask for an action.
func (a *Asker) region(action string) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.dialect.Regions(action)[a.regions[action]]
}

// nextRegion moves the action from a region that does not serve it to the next one, unless
// another request has already done so. It returns false if no region is left.
func (a *Asker) nextRegion(action, refused string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	all := a.dialect.Regions(action)
	if all[a.regions[action]] != refused {
		return true
	}
	if a.regions[action]+1 == len(all) {
		return false
	}
	a.regions[action]++
	return true
}
