// Package proxytest gives tests a network between a client and ClickHouse that
// misbehaves: a Toxic spoils whatever passes, a Tap acts once, at a named
// statement of the native protocol or at a byte. Both listen on loopback and pass
// on what is not theirs to touch; a client may go through both.
package proxytest
