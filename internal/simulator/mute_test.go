package simulator

import (
	"bytes"
	"testing"
)

// TestMute checks that the series of one user are null, and those of others are not.
func TestMute(t *testing.T) {
	c := newClient(t, Options{Calls: 40, Mix: MixOneToOne, Faults: Faults{Mute: 0.5, Seed: 3}})
	muted := map[string]Mute{}
	halves := 0
	for _, m := range c.s.Muted() {
		muted[m.CommID] = m
		if m.Half {
			halves++
		}
	}
	if n := len(muted); n < 10 || n > 30 || halves == 0 || halves == n {
		t.Fatalf("%d of 40 calls are muted, %d by half", n, halves)
	}
	for i := range c.s.calls[DefaultApp] {
		x := &c.s.calls[DefaultApp][i]
		v := c.s.open(x, c.s.now())
		for _, u := range v.users {
			if len(u.sessions) == 0 || u.sessions[0].left-u.sessions[0].joined < 60 {
				continue
			}
			params := about(x, 3600)
			params["UserIds"] = []string{u.id}
			params["DataType"] = []string{"all"}
			body := c.record(c.request("DescribeCallDetailInfo", mustJSON(t, params))).Body.Bytes()
			m, samples := muted[x.commID()], bytes.Contains(body, []byte(`{"Time":`))
			if mute := m.UserID == u.id && !m.Half; mute == samples {
				t.Errorf("%s of %s, muted %+v: samples %v", u.id, x.commID(), m, samples)
			}
		}
	}
	if c.s.Stats().Faults["DescribeCallDetailInfo"][FaultMute] == 0 {
		t.Error("the fault is not counted")
	}
}
