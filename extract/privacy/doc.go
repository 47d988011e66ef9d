// Package privacy is the edge to the vendor where persons get other names. What is in
// answers becomes what the settings keep of it (identity.Policy) before anybody reads or
// stores a byte, and requests get the vendor's names again. So everything else in the
// program knows pseudonyms only, and needs no rules of its own.
//
// A Reader rewrites an answer in one pass, in as much memory as one id takes. It finds the
// fields that hold ids and addresses by their names (fields.go), wherever in the answer they
// are. All other bytes pass as they are: numbers keep their digits, and fields that nobody
// knows are kept. Of an answer that is not JSON, or is damaged, nothing passes from the
// first wrong byte on, since nobody can tell what the rest names.
//
// Names learns what the vendor calls whom from the answers of this process; nothing is
// stored. A request that names somebody whom no answer has named needs a list first:
// package ask asks for it.
package privacy
