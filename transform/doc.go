// Package transform turns the bytes of a TRTC monitoring response into domain
// values and columns. It is pure: bytes in, values out.
//
// Both dialects of the API answer in the same shapes, so there is one method of
// Decoder per shape. Every method reads the whole body and checks the structure
// of all of it, also of what it has no use for. The structure decides about the
// body, the meaning about the smallest piece of it.
//
// # The body
//
//   - A body is one JSON object with an object "Response". One that is cut, has
//     garbage between its tokens, a broken string or something after its end is a
//     DecodeError, never a shorter result. Its Cut says that the body ends too
//     early.
//   - A word where a value is due, such as NaN, None, -inf, 1.2.3 or 0x1F, is a
//     value that nothing takes. It is made of letters, digits, + - . and _.
//   - Field names match exactly, in upper and lower case. Fields come in any
//     order. A name that is repeated in one object is a field that holds what it
//     cannot be, whatever the values are; a list that is repeated is not a list.
//     Of several "Response" the last one counts.
//   - Unknown fields are skipped, whatever is in them and however deep it nests.
//   - An "Error" is a VendorError, whatever it is; without a Code that can be read
//     its code is UnreadableError. A RequestId that cannot be read is "".
//
// # Values
//
//   - Strings are read as encoding/json reads them: each invalid byte and each
//     lone surrogate becomes U+FFFD. An integer in place of a string is its digits.
//   - Integers may be written with a fraction or an exponent as long as they are
//     whole (1.59e9). All numbers may be quoted ("3").
//   - Booleans may be quoted ("true") or 0 and 1.
//   - A time in seconds is 1 … 4294967295, in milliseconds 100000000000 …
//     4294967295999: seconds sent for milliseconds are damage, and the other way
//     round.
//   - Values of points are exactly what strconv.ParseFloat makes of their text. One
//     that does not fit a float64 is damage.
//
// # Damage
//
// A field that is missing or holds what it cannot be is damage, and so is a null
// where none may be. Info.Damage names the pieces, Info.DamageCount counts them.
//
//   - Every field that a method reads must be there, but Total, and the end of a
//     room or session that is not finished. CommId must not be empty.
//   - A room or session stays without its text attributes, with "" for them: that
//     is RoomString and UserId of a room, RoomStr, DeviceType, SdkVersion and
//     ClientIp of a session. It stays, too, if it is not finished and only its end
//     is damaged, and without its end if it is null whether it is finished.
//     Damage.Kept says so.
//   - A room or session is left out without the rest: what names it, its start,
//     whether it is finished, and then its end, which is neither 0 nor before the
//     start. Damage.Room and Damage.Session hold what could be read.
//   - An event, a bad experience or a day is left out for any damage; a damaged
//     cause is damage of its experience, damage of PeerId or Content that of all
//     events of a peer.
//   - A point is left out for itself, and if it is more than a minute outside the
//     window asked. A series is left out if its UserId, PeerId, DataType or Content
//     is damaged.
//   - An element of a list that is not an object is damage.
//   - A Total that cannot be read is damage and does not count.
//
// # Null
//
//   - Null is read as "", false or 0, and counted in Info.Nulls, in the text
//     attributes named above, RoomId of an experience, and Type, ParamOne and
//     ParamTwo.
//   - A null PeerId is nobody. A null Total is none.
//   - A null Value is no sample; call.Samples.Nulls counts it. A series without any
//     value is in DetailInfo.NullSeries.
//   - A day whose three counts are null has had nothing; one or two of them are
//     damage.
//   - Null in place of the events of a peer or the causes of an experience is none.
//   - A list that is null, one that is missing, one that is empty and something that
//     is not a list are four different things: see ListState.
//
// # Rows
//
//   - Rows of one answer that are equal in all their fields are one; Info.Repeated
//     counts the others. Days of equal time and different counts both stay.
//   - The end of a room or session that is not finished is the zero time, as the
//     vendor puts the time of the query there.
//   - Of one answer 20,000 rows and 200,000 events are kept. The rest is one damage
//     with its count.
package transform
