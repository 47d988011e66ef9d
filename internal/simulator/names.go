package simulator

import (
	"strconv"
	"strings"
)

// oddRooms are room ids that break careless programs. The rooms from oddFrom on have
// exactly these ids; some later rooms have one with a suffix.
var oddRooms = [...]string{
	"a_b_1", "o'brien's room", `say "hi"`, "会议室 一", "🎉 party 🎉", `back\slash`,
	"100% sure", "007", "1400353843_218695_1590065777", "<b>&amp;</b>", "null",
	"комната", "1e5", "line\u2028separator", "select '--", "{room:UInt32}",
}

const oddFrom = 9

// roomNumber returns the id of a room that its app names by a number.
func roomNumber(room uint32) (uint64, bool) {
	if isOddRoom(room) || hash2(77, uint64(room))%12 < 4 {
		return 0, false
	}
	return 200003 + uint64(room)*7, true
}

func isOddRoom(room uint32) bool { return room >= oddFrom && room < oddFrom+uint32(len(oddRooms)) }

// roomName returns a room id. Different rooms have different ids.
func roomName(room uint32) string {
	if isOddRoom(room) {
		return oddRooms[room-oddFrom]
	}
	if number, ok := roomNumber(room); ok {
		return strconv.FormatUint(number, 10)
	}
	number := strconv.FormatUint(uint64(room), 10)
	if kind := hash2(77, uint64(room)) % 12; kind == 0 {
		return oddRooms[hash2(78, uint64(room))%uint64(len(oddRooms))] + "#" + number
	}
	return "room_" + number + "_x"
}

// oddUsers are beginnings of user ids that break careless programs.
var oddUsers = [...]string{
	"o'neil_", "名前 ", "😀", `a\b`, `"q"`, "50%_", "00", "mary jane ", "Ünïcode-", "1e", "<u>",
}

// userName returns the id of the nth user of a call. Different users of any calls and
// apps have different ids.
func userName(call uint32, n int) string {
	number := uint64(call)*4096 + uint64(n)
	digits := strconv.FormatUint(number+1700, 10)
	switch kind := hash2(79, number); {
	case kind%10 == 0:
		return oddUsers[kind/10%uint64(len(oddUsers))] + digits
	case kind%10 < 4:
		return digits
	default:
		return "user_" + digits
	}
}

// hostileTexts are texts that a stranger would choose as a name, to upset whoever reads, shows
// or logs it. Options.Hostile puts them into ids, devices and versions.
var hostileTexts = [...]string{
	`'; DROP TABLE rooms; --`, `" OR ""="`, "`tick`", `\`, `\'`, "nul\x00byte", "\x1b[2J\x1b]0;title\a", "\u009b31m", "\u202etxt.exe", "a\u2066b\u2069",
	"line\nforged: all is well", "cr\rover", "\u2028\u2029", "{{.Secret}}", "{{", "{%", "${HOME}", "$(id)", "`id`", "%s%n%d", "<script>alert(1)</script>", `"><img src=x onerror=alert(1)>`, "<!channel>", "<https://evil.example|here>",
	"[here](https://evil.example)", "*b* _i_ `c` ~s~ | # -", "=1+1", "+1", "-1", "@SUM(1)", "\t=1", "../../etc/passwd", "/dev/null", "a/b\\c", "?a=b&c=d#e", "null", "", " ", "\ufeffbom", "e\u0301", "\u200bzero", "👩\u200d👩\u200d👧", "{x:String}", "?", "$1",
	"javascript:alert(1)", "-- comment", "/* comment", "\x7f", "((((", "[]", "a,b;c\td", strings.Repeat("k", 64<<10),
}

// hostileText returns the nth of the hostile texts, after or before n itself, so that each is
// different.
func hostileText(n uint64) string {
	text, number := hostileTexts[n%uint64(len(hostileTexts))], strconv.FormatUint(n, 10)
	if n/uint64(len(hostileTexts))%2 == 1 {
		return number + text
	}
	return text + number
}

// userName returns the id of the nth user of the call of a number.
func (c *call) userName(number uint32, n int) string {
	if c.hostile {
		return hostileText(uint64(number)*4096 + uint64(n))
	}
	return userName(number, n)
}
