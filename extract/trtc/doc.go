// Package trtc is a client of the TRTC call-monitoring API (version 2019-07-22).
//
// A Dialect builds requests: legacy, as the vendor's pages of 2021 document the API, or
// current, as they do since 2023. A Client signs one request with the vendor's SDK, sends
// it once and returns the bytes of the response. The caller decides whether and when to
// send it again; Error.Kind helps. The table in codes.go has the meaning of all codes, and
// docs/operations.md lists it. The client bounds and unpacks bodies, and does not decode
// them; package transform does.
//
// Pages: https://www.tencentcloud.com/document/product/647 (Call Quality Monitoring APIs).
package trtc
