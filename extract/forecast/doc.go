// Package forecast computes what a pass over one application will ask and how long
// that takes. It is pure: package extract lists the calls, asks for the sessions of some
// of them and passes plain numbers in.
//
// A Sample chooses the calls whose cost is found out. Its estimate for all calls and the
// requests for everything else make a Forecast.
package forecast
