// Package ask asks the vendor for one account. An Asker paces requests by the account's
// quota, repeats them after passing failures, and decodes each answer to check it: a body
// that breaks off is asked for again, like one that never came.
//
// A List is read page by page until it is complete. Divide asks for halves of a question
// that fails. Detect finds the dialect of the account, and a Prober finds out which actions
// it has.
package ask
