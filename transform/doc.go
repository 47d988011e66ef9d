// Package transform turns the bytes of a TRTC monitoring response into domain
// values and columns. It is pure: bytes in, values out.
//
// Both dialects of the API use the same shapes, so Decoder has one method for each
// shape. Every method reads the whole body and checks the structure of all of it,
// unknown fields included. A broken structure rejects the body. A bad value costs only
// the smallest piece that needs it.
//
// # The body
//
//   - A body is one JSON object with an object "Response". A body that breaks off, or has
//     garbage between its tokens, a broken string or anything after its end, is a
//     DecodeError and never a shorter result. DecodeError.Truncated says that the body ends
//     too early.
//   - A word in place of a value, such as NaN, None, -inf, 1.2.3 or 0x1F, is a value
//     that no field accepts. Words consist of letters, digits, + - . and _.
//   - Field names match exactly, including case. Fields come in any order. A field that
//     is repeated in one object is damaged, whatever its values; a repeated list is
//     not a list. The last "Response" counts.
//   - Unknown fields are skipped, however deep they nest.
//   - Any "Error" is a VendorError. Without a readable Code its code is
//     UnreadableError. An unreadable RequestId is "".
//
// # Values
//
//   - Strings are read as by encoding/json: each invalid byte and each lone surrogate
//     becomes U+FFFD. An integer in place of a string is read as its digits.
//   - Integers may have a fraction or an exponent if they are whole (1.59e9). All
//     numbers may be quoted ("3").
//   - Booleans may be quoted ("true") or 0 and 1.
//   - A time in seconds is 1 … 4294967295, in milliseconds 100000000000 …
//     4294967295999. So seconds in place of milliseconds are damage, and the reverse.
//   - The value of a point is exactly what strconv.ParseFloat returns. A value that
//     does not fit a float64 is damage.
//
// # Damage
//
// A field is damaged if it is missing, has a value that it cannot have, or is null and
// must not be. Info.Damage names the damaged pieces, Info.DamageCount counts them.
//
//   - Every field that a method reads is required, except Total and the end of a room
//     or session that is not finished. CommId must not be empty.
//   - A room or session is kept if only text attributes are damaged, with "" for them:
//     RoomString and UserId of a room; RoomStr, DeviceType, SdkVersion and ClientIp of
//     a session. It is kept, too, if it is not finished and only its end is damaged. If
//     "finished" is null it is kept without its end. Damage.Kept is true for all these.
//   - A room or session is dropped if its name, its start or "finished" is damaged, or
//     if it is finished and its end is damaged, 0 or before its start. Damage.Room and
//     Damage.Session have what could be read.
//   - An event, an experience or a day is dropped for any damage. A damaged cause
//     damages its experience. A damaged PeerId or Content damages all events of the peer.
//   - A point is dropped if it is damaged or more than a minute outside the window
//     asked for. A series is dropped if its UserId, PeerId, DataType or Content is damaged.
//   - An element of a list that is not an object is damage.
//   - A Total that cannot be read is damage and is ignored.
//
// # Null
//
//   - In the text attributes above, RoomId of an experience, Type, ParamOne and
//     ParamTwo, null is read as "" or 0 and counted in Info.Nulls.
//   - A null PeerId means no peer. A null Total means no Total.
//   - A null Value is no sample; call.Samples.Nulls counts it. A series without any
//     value is in DetailInfo.NullSeries.
//   - A day with three null counts is a day with nothing. With one or two null counts
//     it is damage.
//   - Null in place of the events of a peer or the causes of an experience means none.
//   - A list may be null, missing, empty, or not a list: see ListState.
//
// # Rows
//
//   - Equal rows of one response are kept once; Info.Repeated counts the others. Days
//     of equal time and different counts are all kept.
//   - The end of a room or session that is not finished is the zero time: the vendor
//     sends the time of the query there.
//   - At most 20,000 rows and 200,000 events of a response are kept. The rest is one
//     damage with its count.
package transform
