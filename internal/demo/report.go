package demo

import (
	"context"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/dustin/go-humanize"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/callvault/callvault/archive"
	"github.com/callvault/callvault/internal/query"
	"github.com/callvault/callvault/internal/ui"
	"github.com/callvault/callvault/internal/words"
	"github.com/callvault/callvault/load/store"
	"github.com/callvault/callvault/load/upkeep"
)

// days counts sessions by day as the cookbook does, as far as they are known.
const days = `
SELECT day, uniqExact(comm_id) AS calls, uniqExact(sdk_app_id, user_id) AS users, round(sum(seconds) / 3600, 1) AS hours,
    uniqExactIf(comm_id, comm_id IN (SELECT comm_id FROM calls WHERE grade IN ('fair', 'poor', 'serious'))) AS not_good
FROM session_days GROUP BY day ORDER BY day DESC WITH FILL STEP -1 LIMIT 7`

// worst are the worst calls, one of each kind of cause.
const worst = `
SELECT comm_id, room_id, created_at, users, grade, bad_minutes, judged_minutes, worst_user_id, diagnosis
FROM calls
WHERE diagnosis != ''
ORDER BY indexOf(['serious', 'poor', 'fair'], grade), quality_score, comm_id
LIMIT 1 BY replaceOne(cause, 'peer_', '')
LIMIT 8`

// causes lists the causes of bad minutes in words.
const causes = `
SELECT transform(cause, ['camera', 'encoder', 'uplink', 'downlink', 'latency', 'device', 'peer_camera', 'peer_encoder', 'peer_uplink', 'peer_latency', 'peer', 'unknown'],
    ['the user\'s camera gave few frames', 'the user\'s device sent few frames', 'the user\'s uplink lost packets', 'the user\'s downlink lost packets',
    'the user was far from the cloud', 'the user\'s device was too slow', 'the sender\'s camera gave few frames', 'the sender\'s device sent few frames',
    'the sender\'s uplink lost packets', 'the sender was far from the cloud', 'others received the sender no better', 'no measurement explains it'], 'a limit changed since') AS what,
    uniqExact(comm_id) AS calls, uniqExact(sdk_app_id, user_id) AS users, count() AS minutes
FROM call_minutes WHERE is_bad GROUP BY cause ORDER BY minutes DESC, what`

// report prints what the archive knows: how busy it was, what went wrong and why, and which
// commands to try next.
func report(ctx context.Context, store *store.Store, sum *archive.Report, screen ui.Screen) error {
	if err := printDisk(ctx, screen.Out, store, sum); err != nil {
		return err
	}
	if err := printTable(ctx, screen, store, "The last days: calls, users, hours in calls, calls that were not good", days); err != nil {
		return err
	}
	worst, err := readWorst(ctx, store)
	if err != nil {
		return err
	}
	writeWorst(screen.Out, worst, pageWidth(screen.Columns()))
	if err := printTable(ctx, screen, store, "Where bad minutes came from: calls, users and their minutes", causes); err != nil {
		return err
	}
	if len(worst) > 0 {
		writeFollowUps(screen.Out, &worst[0])
	}
	fmt.Fprintf(screen.Out, "\nAnd then:\n  %[1]s verify --demo    hold it against the vendor; status and export have --demo, too\n  %[1]s demo --keep      with the page of each call in the browser\n", ShellWord(os.Args[0]))
	return nil
}

func printTable(ctx context.Context, screen ui.Screen, store *store.Store, title, text string) error {
	write, err := query.FindFormat("table")
	if err != nil {
		return err
	}
	fmt.Fprintf(screen.Out, "\n%s\n", title)
	return query.Print(ctx, store.Conn(), text, write, screen.Sheet())
}

// badCall is a row of worst.
type badCall struct {
	commID, roomID, grade, user, diagnosis string
	created                                time.Time
	users, bad, judged                     uint64
}

func readWorst(ctx context.Context, store *store.Store) ([]badCall, error) {
	rows, err := store.Conn().Query(ctx, worst)
	if err != nil {
		return nil, query.Error(err)
	}
	defer rows.Close()
	var all []badCall
	for rows.Next() {
		var b badCall
		if err := rows.Scan(&b.commID, &b.roomID, &b.created, &b.users, &b.grade, &b.bad, &b.judged, &b.user, &b.diagnosis); err != nil {
			return nil, err
		}
		all = append(all, b)
	}
	return all, query.Error(rows.Err())
}

// writeWorst writes a line about each call, and below it what happened.
func writeWorst(w io.Writer, calls []badCall, width int) {
	fmt.Fprintln(w, "\nWhat went wrong: the worst calls, one for each cause")
	for i, b := range calls {
		head := fmt.Sprintf("%s: room %s, %s, %s, %d of %d minutes bad, worst for %s",
			b.grade, b.roomID, b.created.UTC().Format("2006-01-02 15:04 UTC"), words.Plural(int(b.users), "user"), b.bad, b.judged, b.user)
		fmt.Fprintf(w, "%2d. %s\n    %s\n", i+1, wrapped(head, width, 4), wrapped(b.diagnosis, width, 4))
	}
}

// pageWidth returns the width of prose on a terminal, or without one (0).
func pageWidth(terminal int) int {
	if terminal == 0 {
		return 80
	}
	return min(terminal, 100)
}

// measured is a number and its unit, which must be on one line.
var measured = regexp.MustCompile(`(\d) (%|ms|frames/s|bad minutes?|UTC)`)

// wrapped breaks text at spaces into lines that fit. All lines except the first are
// indented.
func wrapped(s string, width, indent int) string {
	const joined = "\x00"
	var b strings.Builder
	at := indent
	for i, word := range strings.Fields(measured.ReplaceAllString(words.Printable(s), "${1}"+joined+"${2}")) {
		word = strings.ReplaceAll(word, joined, " ")
		n := text.StringWidth(word)
		switch {
		case i == 0:
		case at+1+n > width:
			b.WriteString("\n" + strings.Repeat(" ", indent))
			at = indent
		default:
			b.WriteByte(' ')
			at++
		}
		b.WriteString(word)
		at += n
	}
	return b.String()
}

// writeFollowUps writes commands that show more about a call.
func writeFollowUps(w io.Writer, b *badCall) {
	fmt.Fprintln(w, "\nFollow the first one up: its bad minutes, who received whom, how it was for each")
	for _, q := range followUps(b.commID) {
		fmt.Fprintf(w, "  %s sql --demo %s\n", ShellWord(os.Args[0]), shellQuote(q))
	}
}

// followUps returns queries about a call.
func followUps(commID string) []string {
	id := sqlString(commID)
	return []string{
		"SELECT minute, user_id, metric, round(value, 1) AS value, cause, cause_user_id\n    FROM call_minutes WHERE comm_id = " + id + " AND is_bad ORDER BY minute, user_id",
		"SELECT user_id, peer_id, grade, bad_minutes, fault, cause\n    FROM peer_quality WHERE comm_id = " + id + " ORDER BY score",
		"SELECT user_id, device_type, grade, bad_minutes, worst_metric, cause\n    FROM call_users WHERE comm_id = " + id + " ORDER BY score",
	}
}

// sqlString returns a text as a string of ClickHouse's SQL.
func sqlString(s string) string {
	var b strings.Builder
	b.WriteByte('\'')
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case r == '\'' || r == '\\':
			b.WriteString("\\" + s[:n])
		case r < ' ' || r == 0x7f || r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, "\\x%02X", s[0])
		default:
			b.WriteString(s[:n])
		}
		s = s[n:]
	}
	return b.String() + "'"
}

// shellQuote returns a text as one word of a POSIX shell. It uses double quotes if the text
// has nothing that is special within them, because that is easier to read around SQL.
func shellQuote(s string) string {
	if strings.ContainsAny(s, "\"$`\\!") {
		return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
	}
	return `"` + s + `"`
}

var plainWord = regexp.MustCompile(`^[A-Za-z0-9_./+:@%=-]+$`)

// ShellWord returns a text as one word of a shell, without quotes if possible.
func ShellWord(s string) string {
	if plainWord.MatchString(s) {
		return s
	}
	return shellQuote(s)
}

// printDisk prints the size of the archive on disk, with raw responses apart.
func printDisk(ctx context.Context, w io.Writer, store *store.Store, sum *archive.Report) error {
	usage, err := upkeep.DiskUsage(ctx, store)
	if err != nil {
		return err
	}
	var total, raw uint64
	for _, u := range usage {
		if u.Relation == "raw_responses" {
			raw += u.Bytes
		} else {
			total += u.Bytes
		}
	}
	fmt.Fprintf(w, "  %-11s %s", "on disk", humanize.IBytes(total))
	if n := sum.Total().Samples; n > 0 {
		fmt.Fprintf(w, ", %.2f bytes a sample", float64(total)/float64(n))
	}
	if raw > 0 {
		fmt.Fprintf(w, "; and %s of responses as they came (CALLVAULT_RAW)", humanize.IBytes(raw))
	}
	fmt.Fprintln(w)
	return nil
}
