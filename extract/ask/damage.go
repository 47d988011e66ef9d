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

// An answer that is null where rows may be due is asked for again a few times. Then ErrNull
// counts as an answer. ErrNullDue, where rows must exist, does not.
var (
	ErrNull    = errors.New("the vendor answers null where data may be due")
	ErrNullDue = errors.New(ledger.NullReason)
)

const (
	// NullAttempts is the number of attempts for a null answer.
	NullAttempts = 3

	// damageAttempts is the number of attempts for a damaged answer. An answer with the
	// same damage twice is not expected to change.
	damageAttempts = 2
)

// DamageError is the damage of an answer. An unreadable answer has no data. Any other has
// all data except what the error names.
type DamageError struct {
	Problem    string // one line; the same for equal damage
	unreadable bool
}

func (e DamageError) Error() string { return e.Problem }

// IsDamage reports whether an error is the damage of an answer.
func IsDamage(err error) bool {
	_, ok := errors.AsType[DamageError](err)
	return ok
}

// UnreadableError is returned for an answer that cannot be read. The archive keeps the
// answer for a later version that can read it.
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

// discard releases an answer that is not kept.
func discard(a *Answer, err error) {
	if e, ok := errors.AsType[*UnreadableError](err); ok {
		a = &e.Answer
	}
	a.Release()
}

// takeDamaged returns an answer that remains damaged: with its reason if a part of it can
// be read, otherwise with an *UnreadableError.
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

// damages remembers an account's damaged answers that did not change when they were asked
// for again. It is safe for concurrent use.
type damages struct {
	mu    sync.Mutex
	times map[damageOf]int
}

type damageOf struct{ action, problem string }

const (
	// knownAfter is the number of answers that must have kept the same damage before such
	// answers are no longer asked for again.
	knownAfter = 2

	// mostDamages bounds how many damages are remembered.
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

// Damaged returns the error of a damaged answer, or nil without damage. It ignores a
// damaged Total: the reader of the list judges it.
func Damaged(all []transform.Damage) error {
	if all = DamagedRows(all); len(all) == 0 {
		return nil
	}
	return DamageError{Problem: problemOf(all)}
}

// DamagedRows returns the damages except that of a Total.
func DamagedRows(all []transform.Damage) []transform.Damage {
	return slices.DeleteFunc(slices.Clone(all), func(d transform.Damage) bool { return d.What == "total" })
}

// AnswerError returns the error of an answer: it cannot be decoded, it lacks its list, it
// is null, or it is damaged. It returns nil if there is none.
func AnswerError(decoding error, list string, info transform.Info, null error) error {
	return cmp.Or(decoding, NoList(list, info), null, Damaged(info.Damage))
}

// When returns err if the condition holds, otherwise nil.
func When(condition bool, err error) error {
	if condition {
		return err
	}
	return nil
}

// NoList returns the error of an answer that lacks its list, or nil.
func NoList(name string, info transform.Info) error {
	switch info.List {
	case transform.ListWrong:
		return DamageError{Problem: name + " is not a list", unreadable: true}
	case transform.ListAbsent:
		return DamageError{Problem: name + " is missing", unreadable: true}
	}
	return nil
}

// ShortAnswer returns the error of an answer that has fewer rows than its Total, if the
// answer is the whole list.
func ShortAnswer(info transform.Info) error {
	if info.HasTotal && info.Items < info.Total {
		return DamageError{Problem: "it has fewer rows than its Total"}
	}
	return nil
}

// problemOf returns the damage in one line. The line names no row, so that equal damage has
// equal lines.
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
