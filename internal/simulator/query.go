package simulator

import (
	"slices"
	"strconv"
)

// query is a valid request.
type query struct {
	*action
	now      int64 // unix seconds of the response
	app      uint32
	commID   string
	from, to int64 // window in unix seconds, both ends inclusive
	roomID   string
	userID   string
	userIDs  []string
	metrics  metricSet // requested by name
	all      bool      // "all" was requested
	variant  string    // of statistics
	exact    bool      // of statistics: with fractions
	page     int
	size     int // 0: not paged by the client; use the default size

	nulls    nulls // lists to withhold
	withheld bool  // rows have been withheld
	hide     int   // number of rows that a moving list does not have yet
	shifted  bool  // rows have been left out because of hide
	muted    bool  // series were null because a user is muted

	habits *habits   // nil: responses follow the vendor's pages
	habit  FaultKind // the last habit in the response
}

// wantsSeries reports whether DataType was given.
func (q *query) wantsSeries() bool { return q.all || q.metrics != 0 }

// window returns the rows of the requested page of n rows. It uses the default size if
// one of the paging parameters is missing.
func (q *query) window(n, defaultSize int) (first, end int) {
	page, size := q.page, q.size
	if size == 0 {
		page, size = 0, defaultSize
	}
	if page > n/size {
		return n, n
	}
	return page * size, min(n, page*size+size)
}

// parse checks the parameters of an action: names, types, presence, then values, then
// limits.
func (s *Simulator) parse(a *action, p params, now int64) (*query, *fault) {
	q := &query{action: a, now: now}
	if f := a.checkNames(p, s.options.Everybody != EverybodyRefused); f != nil {
		return nil, f
	}
	if a.stat != nil {
		return q, s.parseStatistic(q, p)
	}
	for _, check := range []func(*query, params) *fault{
		s.parseApp, (*query).parseText, (*query).parseTimes, (*query).parseLists, (*query).parsePage,
	} {
		if f := check(q, p); f != nil {
			return nil, f
		}
	}
	return q, s.checkWindow(q)
}

// checkNames rejects unknown names, wrong types and missing parameters. An empty string
// or list counts as missing. UserId may be missing if everybody is set.
func (a *action) checkNames(p params, everybody bool) *fault {
	names := make([]string, 0, len(p))
	for name := range p {
		names = append(names, name)
	}
	slices.Sort(names) // the same request must get the same error
	for _, name := range names {
		if !slices.Contains(a.required, name) && !slices.Contains(a.optional, name) {
			return &fault{codeUnknownParameter, name}
		}
		if !p[name].is(a.typeOf(name)) {
			return &fault{codeInvalid, "The value type of parameter `" + name + "` is not valid."}
		}
	}
	if slices.Contains(a.required, "CommId") && slices.Contains(a.required, "SdkAppId") && p["CommId"].text == "" && p["SdkAppId"].text == "" {
		return &fault{code: codeMissingCommIDOrApp}
	}
	for _, name := range a.required {
		if p[name].text == "" && len(p[name].list) == 0 && !(everybody && name == "UserId") {
			return missing(name)
		}
	}
	return nil
}

// parseApp finds the app. DescribeDetailEvent has no SdkAppId: its CommId names the
// app.
func (s *Simulator) parseApp(q *query, p params) *fault {
	id := p["SdkAppId"].text
	if commID := p["CommId"].text; commID != "" {
		app, _, ok := splitCommID(commID)
		if !ok {
			return &fault{codeInvalid, "CommId is not valid."}
		}
		if !slices.Contains(q.required, "SdkAppId") {
			id = app
		}
	}
	app, err := strconv.ParseUint(id, 10, 32)
	if _, ours := s.calls[uint32(app)]; err != nil || !ours {
		return &fault{code: codeApp}
	}
	q.app = uint32(app)
	return nil
}

func (q *query) parseText(p params) *fault {
	q.commID, q.roomID, q.userID = p["CommId"].text, p["RoomId"].text, p["UserId"].text
	return nil
}

func (q *query) parseTimes(p params) *fault {
	for name, into := range map[string]*int64{"StartTime": &q.from, "EndTime": &q.to} {
		n, err := strconv.ParseUint(p[name].text, 10, 62)
		if err != nil {
			return &fault{codeInvalid, "The value type of parameter `" + name + "` is not valid."}
		}
		*into = int64(n)
	}
	return nil
}

func (q *query) parseLists(p params) *fault {
	q.userIDs = p["UserIds"].list
	if len(q.userIDs) > q.limits.users {
		return &fault{codeMoreThanSix, strconv.Itoa(q.limits.users)}
	}
	for _, name := range p["DataType"].list {
		if name == "all" {
			q.all = true
			continue
		}
		i, ok := metricByName(q.dialect, name)
		if !ok {
			return &fault{codeInvalid, "DataType `" + name + "` is not valid."}
		}
		q.metrics |= 1 << i
	}
	return nil
}

// parsePage reads the page. If one of its parameters is missing, the other is checked
// but has no effect.
func (q *query) parsePage(p params) *fault {
	page, size := p["PageNumber"].text, p["PageSize"].text
	if page != "" {
		n, err := strconv.ParseUint(page, 10, 31)
		if err != nil {
			return &fault{code: codePageNumber}
		}
		q.page = int(n)
	}
	if size == "" {
		return nil
	}
	n, err := strconv.ParseUint(size, 10, 31)
	if err != nil || n == 0 {
		return &fault{code: codePageSize}
	}
	most := q.limits.pageSize
	if q.wantsSeries() || len(q.userIDs) > 0 {
		most = q.limits.filtered
	}
	if int(n) > most {
		return &fault{codePageSizeOversize, strconv.Itoa(most)}
	}
	if page != "" {
		q.size = int(n)
	}
	return nil
}

// checkWindow rejects windows that run backwards, begin before the retention edge, or
// are too long.
func (s *Simulator) checkWindow(q *query) *fault {
	if q.to < q.from {
		return &fault{code: codeStart}
	}
	if q.from < s.edge(q.now)-q.limits.grace {
		if q.dialect == legacy {
			return &fault{code: codeStartOversize}
		}
		return &fault{code: codeStartTimeOversize}
	}
	if q.wantsSeries() && q.limits.seriesSpan > 0 {
		return nil // the response has null Data
	}
	if q.limits.span > 0 && q.to-q.from > q.limits.span {
		return &fault{code: codeQueryScale}
	}
	return nil
}
