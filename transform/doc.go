// Package transform turns the bytes of a TRTC monitoring response into domain
// values and columns. It is pure: bytes in, values out.
//
// Both dialects of the API answer in the same shapes, so there is one method of
// Decoder per shape. Every method reads the whole body and checks all of it,
// also what it has no use for: a body that was cut, has something after its
// end or is not JSON is an error, never a shorter result.
//
// The rules, where JSON or the vendor's page leaves a choice:
//
//   - Field names match exactly, in upper and lower case. Unknown fields are
//     skipped. Fields come in any order. Of a name that is repeated in one object
//     the last one counts, as a whole.
//   - Nesting may be 512 deep, the body's own objects and lists included.
//   - Strings are read as encoding/json reads them: each invalid byte and each
//     lone surrogate becomes U+FFFD. A null or missing string is "", but the
//     fields that name a thing must be there: CommId, UserId, DataType. CommId
//     must not be empty either.
//   - Integers may be written with a fraction or an exponent as long as they are
//     whole (1.59e9), and may be quoted ("3").
//   - A time in seconds is 1 … 4294967295, in milliseconds 100000000000 …
//     4294967295999: seconds sent for milliseconds are an error, and the other
//     way round.
//   - Values are exactly what strconv.ParseFloat makes of their text. One that
//     does not fit a float64 is an error.
//   - A null Value, or none, is no sample; call.Samples.Nulls counts it.
//   - A list that is null, one that is missing and one that is empty are three
//     different things: see ListState. An element of a list must be an object.
//   - The end of a room or session that is not finished is the zero time, as the
//     vendor puts the time of the query there. A finished one must have its end.
package transform
