package embedded

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// fakeNPM is a release made up for a test, and an npm that serves it.
type fakeNPM struct {
	release release
	dir     string // holds bin/npm, pkg.tgz, calls
	cache   string
	content []byte
}

// newFakeNPM sets PATH to a folder with an npm that runs script, with the variables
// $dest, the folder to pack into, and $self, the folder of the fake.
func newFakeNPM(t *testing.T, script string) *fakeNPM {
	t.Helper()
	f := &fakeNPM{dir: t.TempDir(), cache: filepath.Join(t.TempDir(), "cache")}
	f.content = bytes.Repeat([]byte("engine"), 50_000)
	tarball := packed(t, map[string][]byte{"package/package.json": []byte("{}"), "package/" + libraryName: f.content})
	f.release = recorded(tarball, f.content)
	f.write(t, "pkg.tgz", tarball)
	f.write(t, "bin/npm", []byte(`#!/bin/sh
echo call >> `+f.dir+`/calls
self=`+f.dir+`
while [ $# -gt 0 ]; do
  case $1 in --pack-destination) dest=$2; shift;; esac
  shift
done
PATH=/usr/bin:/bin
`+script+"\n"))
	t.Setenv("PATH", filepath.Join(f.dir, "bin"))
	return f
}

const servePackage = `cp "$self/pkg.tgz" "$dest/fake-1.tgz"`

func (f *fakeNPM) write(t *testing.T, name string, content []byte) {
	t.Helper()
	path := filepath.Join(f.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o755); err != nil {
		t.Fatal(err)
	}
}

func (f *fakeNPM) fetch(ctx context.Context) (string, error) {
	return Fetch(ctx, FetchOptions{CacheDir: f.cache, release: &f.release})
}

func (f *fakeNPM) calls() int {
	content, _ := os.ReadFile(filepath.Join(f.dir, "calls"))
	return strings.Count(string(content), "call")
}

func (f *fakeNPM) path() string {
	return filepath.Join(f.cache, f.release.folder(), libraryName)
}

// noLeftovers checks that the cache has no temporary files.
func (f *fakeNPM) noLeftovers(t *testing.T) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(f.path()))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			t.Errorf("left behind: %s", e.Name())
		}
	}
}

func packed(t *testing.T, files map[string][]byte) []byte {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	w := tar.NewWriter(z)
	for name, content := range files {
		h := tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(content))}
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(content); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func recorded(tarball, library []byte) release {
	outer, inner := sha512.Sum512(tarball), sha256.Sum256(library)
	return release{
		Package: "@test/fake", Version: "1",
		Tarball: int64(len(tarball)), SHA512: base64.StdEncoding.EncodeToString(outer[:]),
		Library: int64(len(library)), SHA256: hex.EncodeToString(inner[:]),
	}
}
