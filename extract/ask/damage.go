package ask

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/callvault/callvault/ledger"
	"github.com/callvault/callvault/transform"
)

// An answer that is null where rows may be due is asked for again a few times.
// Then ErrNull is taken for an answer; ErrNullDue, where rows are due for certain,
// is not.
var (
	ErrNull    = errors.New("the vendor answers null where data may be due")
	ErrNullDue = errors.New(ledger.NullReason)
)

const (
	// NullAttempts is how often an answer that is null is asked for in all.
	NullAttempts = 3

	// damageAttempts is how often an answer that is damaged is asked for in all. What
	// is damaged in the same way twice is taken to stay so.
	damageAttempts = 2
)

// DamageError is what is damaged in an answer. One that is unreadable has brought
// nothing; any other has brought all but what the error tells.
type DamageError struct {
	Problem    string // one line; the same for what is damaged in the same way
	unreadable bool
}

func (e DamageError) Error() string { return e.Problem }

// IsDamage reports whether an error is what is damaged in an answer.
func IsDamage(err error) bool {
	_, ok := errors.AsType[DamageError](err)
	return ok
}

// UnreadableError is returned for an answer that came and cannot be read. It is
// kept as it came, for a later version that can.
type UnreadableError struct {
	Action  string
	Problem string
	Answer  Answer
}

func (e *UnreadableError) Error() string {
	return fmt.Sprintf("%s: the answer cannot be read: %s", e.Action, e.Problem)
}

// IsUnreadable reports whether an answer came that cannot be read.
func IsUnreadable(err error) bool {
	_, ok := errors.AsType[*UnreadableError](err)
	return ok
}

// discard lets go of an answer that is not to be kept.
func discard(a *Answer, err error) {
	if e, ok := errors.AsType[*UnreadableError](err); ok {
		a = &e.Answer
	}
	a.Release()
}

// takeDamaged returns an answer that stays damaged: with its reason where some of it
// could be read, as an *UnreadableError where nothing could.
func (a *Asker) takeDamaged(answer Answer, err error, times int) (Answer, error) {
	damage, _ := errors.AsType[DamageError](err)
	if times >= damageAttempts {
		a.known.confirm(answer.Request.Action, damage)
	}
	answer.Reason = damage.Problem
	if damage.unreadable {
		return Answer{}, &UnreadableError{answer.Request.Action, damage.Problem, answer}
	}
	return answer, nil
}

// damages are those of an account's answers that asking again has not mended. They
// are safe for concurrent use.
type damages struct {
	mu    sync.Mutex
	times map[damageOf]int
}

type damageOf struct{ action, problem string }

const (
	// knownAfter is how many answers must have stayed damaged in the same way for
	// the next of their kind not to be asked for again.
	knownAfter = 2

	// mostDamages bounds what is remembered.
	mostDamages = 1000
)

func (k *damages) has(action string, err error) bool {
	damage, _ := errors.AsType[DamageError](err)
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.times[damageOf{action, damage.Problem}] >= knownAfter
}

func (k *damages) confirm(action string, damage DamageError) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.times == nil || len(k.times) >= mostDamages {
		k.times = map[damageOf]int{}
	}
	k.times[damageOf{action, damage.Problem}]++
}

// Damaged returns the error of an answer of which something is damaged; nil if nothing is.
// A Total is judged by who goes by it.
func Damaged(all []transform.Damage) error {
	if all = DamagedRows(all); len(all) == 0 {
		return nil
	}
	return DamageError{Problem: problemOf(all)}
}

// DamagedRows returns the damages but for that of a Total.
func DamagedRows(all []transform.Damage) []transform.Damage {
	return slices.DeleteFunc(slices.Clone(all), func(d transform.Damage) bool { return d.What == "total" })
}

// AnswerError returns the error of an answer: that of decoding it, that it does not have
// the list it is for, that it is null, or what is damaged in it; nil if all is well.
func AnswerError(decoding error, list string, info transform.Info, null error) error {
	return cmp.Or(decoding, NoList(list, info), null, Damaged(info.Damage))
}

// When returns err on a condition, and nil otherwise.
func When(condition bool, err error) error {
	if condition {
		return err
	}
	return nil
}

// NoList returns the error of an answer that does not have the list it is for; nil if it
// has.
func NoList(name string, info transform.Info) error {
	switch info.List {
	case transform.ListWrong:
		return DamageError{Problem: name + " is no list", unreadable: true}
	case transform.ListAbsent:
		return DamageError{Problem: name + " is missing", unreadable: true}
	}
	return nil
}

// ShortAnswer returns the error of an answer that has fewer rows than it counts, where it
// is all of a list.
func ShortAnswer(info transform.Info) error {
	if info.HasTotal && info.Items < info.Total {
		return DamageError{Problem: "it has fewer rows than it counts"}
	}
	return nil
}

// problemOf says in one line what is damaged. It names no row, so that what is
// damaged in the same way reads the same.
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
