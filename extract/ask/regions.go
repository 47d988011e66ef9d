package ask

// region returns where to ask for an action now.
func (a *Asker) region(action string) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.dialect.Regions(action)[a.regions[action]]
}

// nextRegion moves the action on from a region that does not serve it, unless
// another request has done so already. It is false when none is left to try.
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
