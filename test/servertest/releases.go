package servertest

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
	How     way
}

// MakesUsers says that statements can make users on the server.
func (r Release) MakesUsers() bool { return r.How == server }

// Releases lists the versions that callvault must work with, the oldest first. No package
// has 25.3.
var Releases = []Release{
	{"24.8.4.1", "chdb", "2.1.1", server},
	{"25.5.2.1", "chdb", "3.4.1", server},
	{"25.8.2.1", "chdb", "3.7.2", server},
	{"26.7.2.1", "@chdb/lib-linux-x64-gnu", "26.7.3-stable.1", engine},
	{"26.9.2.1", "chdb-core", "26.9.0", module},
}

// Reader is a version that reads what a server has written: no package has its server.
var Reader = Release{"26.3.9.1", "chdb-core", "26.3.0", reader}

// TooOld is a version that callvault must refuse.
var TooOld = Release{"24.5.1.1", "chdb", "2.0.4", server}
