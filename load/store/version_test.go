package store

import (
	"errors"
	"strings"
	"testing"
)

func TestNewEnough(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]bool{
		"24.8.4.1": true, "24.8": true, "24.10.1.1": true, "25.3.2.39-lts": true, "26.7.2.1": true, "100.1": true, "24.8.14.10546.altinitystable": true,
		"24.7.9.9": false, "24.5.1.1": false, "23.12.1.1": false, "2.9": false, "": false, "new": false,
	} {
		err := newEnough(version)
		if (err == nil) != want || err != nil && !errors.Is(err, ErrTooOld) {
			t.Errorf("version %q: %v", version, err)
		}
		if err != nil && (!strings.Contains(err.Error(), version) || !strings.Contains(err.Error(), Oldest)) {
			t.Errorf("version %q: %v does not name both versions", version, err)
		}
	}
}
