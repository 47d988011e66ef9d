package config

// The vendor's two endpoints. An account of the vendor's Chinese site is known to the first
// one, an account of its international site to both or only to the second one.
const (
	MainlandURL      = "https://trtc.tencentcloudapi.com"
	InternationalURL = "https://trtc.intl.tencentcloudapi.com"
)

// The names of the endpoints in CALLVAULT_TRTC_ENDPOINT.
const (
	mainland      = "mainland"
	international = "international"
)

var sites = map[string]string{mainland: MainlandURL, international: InternationalURL}

// Site returns the name of the account's endpoint; "" if it has none.
func (a Account) Site() string {
	for name, site := range sites {
		if site == a.Endpoint {
			return name
		}
	}
	return ""
}

// OtherSite returns the name of the vendor's other endpoint; "" if the account's endpoint is
// neither.
func (a Account) OtherSite() string {
	switch a.Site() {
	case mainland:
		return international
	case international:
		return mainland
	}
	return ""
}
