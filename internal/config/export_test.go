package config

// Names returns all variables and keys.
func Names() (names []string) {
	for _, s := range settingsOf(&Config{}) {
		for _, name := range []string{s.variable, s.key} {
			if name != "" {
				names = append(names, name)
			}
		}
	}
	return names
}
