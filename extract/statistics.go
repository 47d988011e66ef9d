package extract

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/callvault/callvault/extract/ask"
	"github.com/callvault/callvault/extract/decide"
	"github.com/callvault/callvault/extract/trtc"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/ledger"
	"github.com/callvault/callvault/transform"
)

// statistics archives the vendor's statistics of the application: each statement by days, or
// real-time ones by hours. A statement that the account does not have is named once.
func (p *Pass) statistics(ctx context.Context, r *report) error {
	if !p.Asker.Dialect().HasStatistics() {
		return nil
	}
	of := map[string][]call.Statement{}
	for _, s := range p.Statements {
		of[s.Action] = append(of[s.Action], s)
	}
	g, gctx := errgroup.WithContext(ctx)
	for _, some := range of {
		g.Go(func() error { return p.statementsOf(gctx, r, some) })
	}
	return g.Wait()
}

// statementsOf archives the statements of one action, one after the other: if the account does
// not have the action, only the first is asked for.
func (p *Pass) statementsOf(ctx context.Context, r *report, some []call.Statement) error {
	absent := false
	for _, s := range some {
		if absent {
			r.lacksStatement(s)
			continue
		}
		var err error
		if absent, err = (&statement{Pass: p, Statement: s, rep: r}).run(ctx); err != nil {
			return err
		}
	}
	return nil
}

// statement archives one statement.
type statement struct {
	*Pass
	call.Statement
	rep  *report
	held map[string]ledger.Row
	due  map[call.Unit]bool

	differed bool // a total differed from its sum, and the report says so
}

// mostTablesCompared is how many tables a pass asks for that compares.
const mostTablesCompared = 2

// run archives the statement. absent says that the account does not have its action.
func (s *statement) run(ctx context.Context) (absent bool, err error) {
	windows, err := s.windows(ctx)
	if err != nil {
		return false, err
	}
	for _, w := range windows {
		gaps, err := ask.Divide(w, s.halves, func(w call.Window) error { return s.window(ctx, w) })
		if err != nil && ask.VendorRefuses(err) && !errors.Is(err, ask.ErrOutage) {
			gaps, err = append(gaps, ask.Gap[call.Window]{Of: w, Err: err}), nil // other actions may be allowed
		}
		if err != nil {
			return false, err
		}
		for _, gap := range gaps {
			switch {
			case unavailable(gap.Err) && s.beyondBasic(gap.Of.Start):
				continue // only the advanced plan keeps it
			case unavailable(gap.Err) && !s.had(): // otherwise it is missing
				s.rep.lacksStatement(s.Statement)
				return true, nil
			}
			if err := s.miss(ctx, gap); err != nil {
				return false, err
			}
		}
	}
	return false, nil
}

// beyondBasic reports whether only the advanced plan of monitoring keeps the statement's data of
// a time.
func (s *statement) beyondBasic(t time.Time) bool {
	return s.Kind == call.UnitMarket && decide.BeyondBasic(t, s.now())
}

// windows returns the questions to ask.
func (s *statement) windows(ctx context.Context) ([]call.Window, error) {
	now, units := s.now(), []call.Unit{}
	if s.Kind == call.UnitRealtime {
		for h := now.Add(-call.RealtimeReach).Truncate(time.Hour); h.Before(now); h = h.Add(time.Hour) {
			units = append(units, s.UnitOf(s.App, h))
		}
	} else {
		for back := range call.StatisticsMost {
			units = append(units, s.UnitOf(s.App, now.AddDate(0, 0, -back)))
		}
	}
	keys := make([]string, len(units))
	for i, u := range units {
		keys[i] = u.Key
	}
	var err error
	if s.held, err = s.entries(ctx, s.Kind, keys); err != nil {
		return nil, err
	}
	s.due = map[call.Unit]bool{}
	for _, e := range s.held {
		if !e.State.Final() {
			s.notFinal.Store(e.Unit, nil) // the vendor has it
		}
	}
	if s.Kind == call.UnitRealtime {
		return s.hours(units, now), nil
	}
	settled := func(d time.Time) bool { return decide.SettledStatistics(s.UnitOf(s.App, d), now) }
	days := decide.StatisticsDays(s.Statement, s.App, s.held, now, s.again())
	days = slices.DeleteFunc(days, func(d time.Time) bool {
		return !s.From.IsZero() && d.AddDate(0, 0, 1).Before(s.From) || !s.To.IsZero() && d.After(s.To) || s.Compare != nil && !settled(d)
	})
	if s.Shape == call.ShapeTable {
		return s.tables(days), nil
	}
	// what only the advanced plan keeps is asked for by itself, when it is known whether the
	// account has the statement
	n := len(days) - len(slices.DeleteFunc(slices.Clone(days), s.beyondBasic))
	return slices.Concat(s.spans(days[n:]), s.spans(days[:n])), nil
}

// hours returns the question about real-time statistics. The vendor has begun to drop the first
// hour, so it is asked for only if nothing is known of it.
func (s *statement) hours(units []call.Unit, now time.Time) []call.Window {
	edge := now.Add(time.Minute - call.RealtimeReach)
	from := now
	for _, u := range units {
		e, known := s.held[u.Key]
		start, _, _ := call.SpanOf(u)
		if e.State.Final() && !s.again() || start.Before(edge) && (known && e.State != ledger.Failed || s.again()) {
			continue
		}
		s.due[u], from = true, decide.Earlier(from, start)
	}
	if len(s.due) == 0 {
		return nil
	}
	return []call.Window{{Start: decide.Later(from, edge), End: now}}
}

// tables returns the questions about usage by room: one for each day, and the latest days if
// there are too many. Later passes ask for the others: the vendor keeps them for three months.
func (s *statement) tables(days []time.Time) (windows []call.Window) {
	most := s.Most
	if s.Compare != nil {
		most = mostTablesCompared
	}
	days = days[max(0, len(days)-most):]
	for _, d := range days {
		s.due[s.UnitOf(s.App, d)] = true
		windows = append(windows, call.Window{Start: d, End: d.Add(24*time.Hour - time.Minute)})
	}
	return windows
}

// leastDays is the least number of days in a question about usage. About a single day the vendor
// answers by five minutes.
const leastDays = 3

// spans returns the questions that cover the days, each as long as the vendor allows.
func (s *statement) spans(days []time.Time) (windows []call.Window) {
	for len(days) > 0 {
		first := days[0]
		n := slices.IndexFunc(days, func(d time.Time) bool { return !d.Before(first.AddDate(0, 0, call.StatisticsDays)) })
		if n < 0 {
			n = len(days)
		}
		for _, d := range days[:n] {
			s.due[s.UnitOf(s.App, d)] = true
		}
		last := days[n-1]
		if s.Kind == call.UnitUsage {
			first = decide.Earlier(first, last.AddDate(0, 0, 1-leastDays))
		}
		windows = append(windows, call.Window{Start: first, End: last.Add(24*time.Hour - time.Second)})
		days = days[n:]
	}
	return windows
}

// halves divides a window of days.
func (s *statement) halves(w call.Window) (a, b call.Window, ok bool) {
	days := int(w.End.Sub(w.Start).Hours()+1) / 24
	if s.Kind == call.UnitRealtime || s.Shape == call.ShapeTable || days < 2*leastDays {
		return a, b, false
	}
	middle := w.Start.AddDate(0, 0, days/2)
	return call.Window{Start: w.Start, End: middle.Add(-time.Second)}, call.Window{Start: middle, End: w.End}, true
}

// unitsIn returns the units of a window that are to be archived, in order.
func (s *statement) unitsIn(w call.Window) (all []call.Unit) {
	for u := range s.due {
		if start, length, _ := call.SpanOf(u); start.Add(length).After(w.Start) && !start.After(w.End) {
			all = append(all, u)
		}
	}
	slices.SortFunc(all, func(a, b call.Unit) int { return cmp.Compare(a.Key, b.Key) })
	return all
}

// window asks about a window and archives the answer.
func (s *statement) window(ctx context.Context, w call.Window) error {
	var rows []call.Statistic
	var info transform.Info
	lines := transform.AllLines()
	if s.Shape == call.ShapeTable {
		lines = transform.Lines{} // its rows are read in pieces, below
	}
	decode := func(body []byte) (err error) {
		var d transform.Decoder
		rows, info, err = d.Statistics(s.Statement, s.App, w, lines, body, nil)
		return ask.AnswerError(err, "its list", info, ask.When(info.List == transform.ListNull && s.expected(), ask.ErrNull))
	}
	answer, err := s.Asker.Ask(ctx, s.Asker.Dialect().Statistics(s.Statement, s.App, w), 100, decode)
	if e, ok := errors.AsType[*ask.UnreadableError](err); ok {
		answer = e.Answer
	} else if err != nil {
		return err
	}
	body := answer.Body
	rep := reply{release: func() {}}
	keeping := s.keep(ctx, answer, &rep)
	defer rep.release()
	if err := cmp.Or(keeping, err); err != nil {
		return err
	}
	s.rep.repeated(info.Repeated)
	if info.Differs != "" && !s.differed {
		s.differed = true
		s.rep.note(fmt.Sprintf("%s: the vendor's total differs from the sum of its days: %s", s.title(), info.Differs))
	}
	if s.Shape == call.ShapeTable {
		return s.table(ctx, w, body, info, rep.responses())
	}
	return s.units(ctx, w, rows, info, rep.responses())
}

// expected reports whether the statement is likely to have numbers: it is new, or has had some.
// Products that nobody uses are null for good.
func (s *statement) expected() bool { return s.had() || len(s.held) == 0 }

// had reports whether the archive has numbers of the statement.
func (s *statement) had() bool {
	for _, e := range s.held {
		if e.Counts.Rows() > 0 {
			return true
		}
	}
	return false
}

// title names the statement in messages.
func (s *statement) title() string {
	return strings.ReplaceAll(string(s.Kind), "_", " ") + " " + s.Name
}

// units archives the units of an answer.
func (s *statement) units(ctx context.Context, w call.Window, rows []call.Statistic, info transform.Info, responses []uint64) error {
	of := map[call.Unit][]call.Statistic{}
	for _, x := range rows {
		if u, ok := decide.StatisticsUnit(s.Statement, s.App, w, x); ok {
			of[u] = append(of[u], x)
		}
	}
	for _, u := range s.unitsIn(w) {
		problem := s.problem(u, info)
		if problem == "" {
			problem = decide.Contradiction(of[u])
		}
		err := s.end(ctx, u, w, info, problem, len(of[u]), func(part call.Part) error {
			part.Responses = responses
			return s.taker().Add(ctx, u, part, call.Rows{Statistics: of[u]})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// table archives the unit of a table, in pieces.
func (s *statement) table(ctx context.Context, w call.Window, body []byte, info transform.Info, responses []uint64) error {
	u := s.UnitOf(s.App, w.Start)
	return s.end(ctx, u, w, info, s.problem(u, info), info.Items, func(part call.Part) error {
		part.Responses = responses
		for from := 1; from <= max(info.Items, 1); from += decide.LinesAtOnce {
			var d transform.Decoder
			rows, _, err := d.Statistics(s.Statement, s.App, w, transform.Lines{From: uint32(from), To: uint32(from + decide.LinesAtOnce - 1)}, body, nil)
			if err != nil {
				return err
			}
			if len(rows) >= transform.MostStatistics {
				return fmt.Errorf("%s: %d lines have %d numbers or more, too many to be read at once", s.title(), decide.LinesAtOnce, len(rows))
			}
			if part.Key = ""; info.Items > decide.LinesAtOnce {
				part.Key = decide.LinesKey(from)
			}
			if err := s.taker().Add(ctx, u, part, call.Rows{Statistics: rows}); err != nil {
				return err
			}
		}
		return nil
	})
}

// problem returns what of the answer about a unit cannot be read.
func (s *statement) problem(u call.Unit, info transform.Info) string {
	for _, d := range ask.DamagedRows(info.Damage) {
		if of, ok := decide.DamagedUnit(s.Statement, s.App, d); !ok || of == u {
			return decide.DamageText(d)
		}
	}
	return ""
}

// end archives a unit with the rows that add adds, and notes the problem. A unit without rows
// gets only an entry in the ledger.
func (s *statement) end(ctx context.Context, u call.Unit, asked call.Window, info transform.Info, problem string, rows int, add func(call.Part) error) error {
	before := s.held[u.Key]
	null := info.List == transform.ListNull
	start, _, _ := call.SpanOf(u)
	if before.Counts.Rows() > 0 && (null || rows == 0 && s.beyondBasic(start)) { // neither replaces what is visible
		return nil
	}
	e := decide.StatisticsEntry(u, s.now(), null && !s.again(), before)
	if problem != "" {
		e.State, e.HeldUntil = ledger.Provisional, time.Time{}
		e.Failed, e.Attempts = decide.TriedAgain(decide.AddPart(nil, call.PartStatistics, "", decide.Failure{Reason: problem, Kept: true}), before.Failed), before.Attempts+1
		e.Reason = decide.ReasonOf(e.Failed)
		s.rep.failed(Failure{What: s.title() + " of " + u.Key, Reason: problem, Cause: s.Action + ": " + problem})
		if before.State.Final() && before.Counts.Rows() > 0 { // the archive keeps what it had, which was whole
			return nil
		}
	}
	if !e.State.Final() {
		s.notFinal.Store(u, nil)
	}
	known := before.Counts.Rows() > 0 || before.Waiting || before.State == ledger.Failed || len(before.Failed) > 0
	if rows == 0 && problem == "" && !known && !s.again() {
		if e.State == ledger.Archived {
			e.State = ledger.Empty
		}
		return archived(s.Archive.Note(ctx, []ledger.Entry{e}))
	}
	part := call.Part{
		Kind: call.PartStatistics, Window: asked, Settled: e.State.Final(), Reason: problem,
		Owned: []call.Owned{{To: call.Forever}}, Asked: s.now(), Deadline: e.Deadline,
	}
	if err := add(part); err != nil {
		return archived(err)
	}
	s.rep.with(func(r *Report) { r.Statistics += rows })
	if err := s.taker().End(ctx, e); err != nil {
		return archived(err)
	}
	delete(s.due, u) // a question that is divided may fail in its other half
	return nil
}

// miss notes the units of a window that failed. What only the advanced plan keeps is no failure.
func (s *statement) miss(ctx context.Context, gap ask.Gap[call.Window]) error {
	var failed []call.Unit
	for _, u := range s.unitsIn(gap.Of) {
		start, _, _ := call.SpanOf(u)
		beyond := decide.BeyondBasic(start, s.now()) || s.Kind == call.UnitRealtime
		if beyond && (ask.Expired(gap.Err) || refused(gap.Err)) {
			s.notFinal.Delete(u)
			continue
		}
		failed = append(failed, u)
	}
	if len(failed) == 0 {
		return nil
	}
	s.rep.failed(Failure{What: s.title() + " " + between(gap.Of), Reason: gap.Err.Error(), Cause: causeOf(gap.Err)})
	for _, u := range failed {
		before := s.held[u.Key]
		if before.State.Final() {
			continue // the archive keeps what it had
		}
		s.notFinal.Store(u, nil)
		if before.Counts.Rows() > 0 {
			continue // what is visible stays, and is asked for again
		}
		start, _, _ := call.SpanOf(u)
		e := ledger.Entry{Unit: u, State: ledger.Failed, Reason: gap.Err.Error(), StartsAt: start, Deadline: decide.StatisticsDeadline(u, s.now()), Attempts: before.Attempts + 1}
		s.taker().Abandon(u)
		if err := s.taker().End(ctx, e); err != nil {
			return archived(err)
		}
	}
	return nil
}

// refused reports whether the vendor refuses only the question.
func refused(err error) bool {
	e, ok := errors.AsType[*trtc.Error](err)
	return ok && e.Kind == trtc.Permanent && e.Code != trtc.CodeHTTP
}
