package simulator

import "strconv"

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
