// Package ask asks the vendor on behalf of one account. An Asker paces requests by the
// account's quota, asks again where a failure is a passing one, and checks each answer by
// decoding it: a body that was cut is asked for again, as one that never came.
//
// A List is read page by page until it is complete. Divide asks for halves of what cannot
// be had as a whole. Detect finds out what the account may be asked, and a Prober what it
// has.
package ask
