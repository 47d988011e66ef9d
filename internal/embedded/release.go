package embedded

import (
	"fmt"
	"runtime"
	"strings"
)

const (
	libraryName = "libchdb.so"
	tempPrefix  = ".fetch-"
)

// release is a published package, with the hashes it must have.
type release struct {
	Package string // npm's name
	Version string
	Tarball int64  // bytes
	SHA512  string // of the tarball, base64, as in npm's dist.integrity
	Library int64  // bytes of package/libchdb.so
	SHA256  string // of package/libchdb.so, hex
}

// folder returns the name of the release in the cache.
func (r release) folder() string {
	return strings.NewReplacer("@", "", "/", "-").Replace(r.Package) + "-" + r.Version
}

// thisPlatform returns the release for this machine. There is one for linux/amd64 only:
// the packages for linux/arm64 and darwin have no verified hashes, and unverified code
// must not be loaded into a process.
func thisPlatform() (*release, error) {
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		return nil, fmt.Errorf("fetch ClickHouse: %w, %s/%s: %s", ErrPlatform, runtime.GOOS, runtime.GOARCH, otherWays)
	}
	return &release{
		Package: "@chdb/lib-linux-x64-gnu",
		Version: "26.7.3-stable.1",
		Tarball: 177_817_999,
		SHA512:  "XP97mMqnc5tZpKQywR8N7cLTsHNiTmHr30pC5mzo3jWmukjKn2IBa60c2B/gWUNcuFjOMjWoorQICCqBVj5wpw==",
		Library: 566_330_096,
		SHA256:  "36ad4e999882821ef13cf2d0f52c93f48e6ee1b4498b35a201c23ce4b8d15bf5",
	}, nil
}
