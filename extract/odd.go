package extract

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/callvault/callvault/extract/trtc"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/transform"
)

// An answer that is whole but unlikely, such as null where rows may be due, is
// asked for again a few times. One that is suspect is then believed; one that
// is wanting, because rows are due for certain, is not.
var (
	errSuspect = errors.New("the vendor answers null where data may be due")
	errWanting = errors.New(call.NullReason)
)

const (
	// suspectAttempts is how often an unlikely answer is asked for in all.
	suspectAttempts = 3

	// oddAttempts is how often an answer is asked for in all that cannot be read
	// whole. What is odd in the same way twice is taken to stay so.
	oddAttempts = 2
)

// oddError is what is odd in an answer. One that is unreadable has brought
// nothing; any other has brought all but what the error tells.
type oddError struct {
	problem    string // one line; of an answer the same for what is odd in the same way
	unreadable bool
	cause      string // of a piece: the same for what is odd in the same way
}

func (e oddError) Error() string { return e.problem }

func isOdd(err error) bool {
	_, ok := errors.AsType[oddError](err)
	return ok
}

// UnreadableError is returned for an answer that came and cannot be read. It is
// kept as it came, for a later version that can.
type UnreadableError struct {
	Action  string
	Problem string
	answer  Answer
}

func (e *UnreadableError) Error() string {
	return fmt.Sprintf("%s: the answer cannot be read: %s", e.Action, e.Problem)
}

func isUnreadable(err error) bool {
	_, ok := errors.AsType[*UnreadableError](err)
	return ok
}

// discard lets go of an answer that is not to be kept.
func discard(a *Answer, err error) {
	if e, ok := errors.AsType[*UnreadableError](err); ok {
		a = &e.answer
	}
	a.Release()
}

// settleFor returns an answer that stays odd: with its reason where some of it
// could be read, as an *UnreadableError where nothing could.
func (a *Asker) settleFor(answer Answer, err error, times int) (Answer, error) {
	odd, _ := errors.AsType[oddError](err)
	if times >= oddAttempts {
		a.known.confirm(answer.Request.Action, odd)
	}
	answer.Reason = odd.problem
	if odd.unreadable {
		return Answer{}, &UnreadableError{answer.Request.Action, odd.problem, answer}
	}
	return answer, nil
}

// shapes are the oddities of an account's answers that asking again has not
// mended. It is safe for concurrent use.
type shapes struct {
	mu    sync.Mutex
	times map[shape]int
}

type shape struct{ action, problem string }

const (
	// knownAfter is how many answers must have stayed odd in the same way for
	// the next of their kind not to be asked for again.
	knownAfter = 2

	// mostShapes bounds what is remembered.
	mostShapes = 1000
)

func (k *shapes) has(action string, err error) bool {
	odd, _ := errors.AsType[oddError](err)
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.times[shape{action, odd.problem}] >= knownAfter
}

func (k *shapes) confirm(action string, odd oddError) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.times == nil || len(k.times) >= mostShapes {
		k.times = map[shape]int{}
	}
	k.times[shape{action, odd.problem}]++
}

// damaged is the error of an answer of which something is damaged; nil if
// nothing is. A Total is judged by who goes by it.
func damaged(all []transform.Damage) error {
	if all = rowsOf(all); len(all) == 0 {
		return nil
	}
	return oddError{problem: problemOf(all)}
}

// rowsOf are the damages but for that of a Total.
func rowsOf(all []transform.Damage) []transform.Damage {
	return slices.DeleteFunc(slices.Clone(all), func(d transform.Damage) bool { return d.What == "total" })
}

// shortAnswer is the error of an answer that has fewer rows than it counts, where
// it is all of a list.
func shortAnswer(info transform.Info) error {
	if info.HasTotal && info.Items < info.Total {
		return oddError{problem: "it has fewer rows than it counts"}
	}
	return nil
}

// problemIn says what is not whole in such an answer; "": nothing.
func problemIn(info transform.Info) string {
	for _, d := range info.Damage {
		if d.What != "total" {
			return damageText(d)
		}
	}
	if err := shortAnswer(info); err != nil {
		return err.Error()
	}
	return ""
}

// oddPiece is the error of a piece of an answer.
func oddPiece(d transform.Damage) oddError {
	return oddError{problem: damageText(d), cause: d.What + ": " + d.Problem}
}

// causeOf is what errors have in common that come from the same cause.
func causeOf(err error) string {
	if e, ok := errors.AsType[*trtc.Error](err); ok {
		return e.Action + ": " + e.Code
	}
	if e, ok := errors.AsType[oddError](err); ok && e.cause != "" {
		return e.cause
	}
	return err.Error()
}

// problemOf says in one line what is damaged. It names no row, so that what is
// odd in the same way reads the same.
func problemOf(all []transform.Damage) string {
	d := all[0]
	text := fmt.Sprintf("%s: %s", d.What, d.Problem)
	for _, other := range all[1:] {
		if other.What != d.What || other.Problem != d.Problem {
			return text + ", among others"
		}
	}
	return text
}

// damageText tells a damage with what it is of.
func damageText(d transform.Damage) string {
	name := cmp.Or(d.Key, d.User)
	if d.Key != "" && d.User != "" {
		name = d.User + " " + d.Key
	}
	text := d.What
	if name != "" {
		text += " " + name
	}
	if d.Count > 1 {
		return fmt.Sprintf("%s: %s (%d times)", text, d.Problem, d.Count)
	}
	return text + ": " + d.Problem
}
