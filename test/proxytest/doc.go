// Package proxytest gives tests a faulty network between a client and ClickHouse. A Toxic
// disturbs all traffic. A Tap acts once, at a named statement of the native protocol or at a
// byte. Both listen on loopback and pass on all other traffic. A client may go through both.
package proxytest
