// Package trtc asks the TRTC call-monitoring API (version 2019-07-22).
//
// A Dialect builds requests: legacy, as the vendor's pages of 2021 document
// the API, or current, as they do since 2023. A Client signs one request with
// the vendor's SDK, sends it once and hands back the response's bytes: whether
// and when to ask again is the caller's decision, which Error.Kind informs.
// What codes mean is one table (codes.go), which docs/operations.md shows. Bodies
// are bounded and unpacked, and not decoded here; package transform does that.
//
// Pages: https://www.tencentcloud.com/document/product/647 (Call Quality
// Monitoring APIs).
package trtc
