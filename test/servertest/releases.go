package servertest

import "slices"

// way is how the library of a package becomes a server.
type way string

const (
	// server calls the server's main function, which the library exports.
	server way = "server"
	// module opens the listeners by statements that Python's module runs.
	module way = "module"
	// reader runs statements by Python's module: its package has no server.
	reader way = "reader"
	// engine is how callvault runs its own ClickHouse (internal/embedded).
	engine way = "engine"
)

// Release is a version of ClickHouse and the package that has it.
type Release struct {
	Version string // as SELECT version() says it
	Package string // of PyPI, or of npm
	Tag     string // the package's version
	SHA256  string // of the package of PyPI; npm checks its own
	How     way
}

// MakesUsers says that statements can make users on the server.
func (r Release) MakesUsers() bool { return r.How == server }

// Releases lists the versions that callvault must work with, the oldest first. No package
// has 25.3.
var Releases = []Release{
	{"24.8.4.1", "chdb", "2.1.1", "d904cfd5d7eda5c6833c1b49929cf897dcd2eba3fc1be6fb1bb7018ff87a77fa", server},
	{"25.5.2.1", "chdb", "3.4.1", "34c0e6bcaa51773ddf696ecc735961bf240f1983adffe8a884cbd604eb295adf", server},
	{"25.8.2.1", "chdb", "3.7.2", "c119f0830c12438a4e4b60b8370859ba50992e8b1b01a8c681e1c57eeb2dc82d", server},
	{"26.7.2.1", "@chdb/lib-linux-x64-gnu", "26.7.3-stable.1", "", engine},
	{"26.9.2.1", "chdb-core", "26.9.0", "707e2ec3fe0f7953bac97942eaeb7a1ed1d66b1e56ecef3f0aa2130f61f6e735", module},
}

// Reader is a version that reads what a server has written: no package has its server.
var Reader = Release{"26.3.9.1", "chdb-core", "26.3.0", "2b91a47a69db1185908f51aebdb32d1258cf7c0646e7dc6be3d2922cb694e3ad", reader}

// TooOld is a version that callvault must refuse.
var TooOld = Release{"24.5.1.1", "chdb", "2.0.4", "f2881e588ec1bb0086188119b2f2eb4a1d01e71b9546969d25b90538afd5d7f3", server}

// Newest is the newest version of which a package has the whole server: with an interserver
// port and the queue of DDL, so that replicas work, and without Keeper.
func Newest() Release {
	for _, r := range slices.Backward(Releases) {
		if r.How == server {
			return r
		}
	}
	panic("no release is a server")
}
