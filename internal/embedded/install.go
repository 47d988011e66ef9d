package embedded

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// marker is a file next to a library. It says that the library with this size and these times
// was verified. Hashing it at every start would take longer than the start: 566 MB take 2.7 s
// of a processor. A library that has changed since, or that others than its owner may
// change, is hashed again.
type marker struct {
	SHA256   string    `json:"sha256"`
	Size     int64     `json:"size"`
	Modified time.Time `json:"modified"`
	Changed  time.Time `json:"changed"` // see changedAt
}

// othersWrite are the permissions of others than the owner to change a file, or to put another
// one into a folder.
const othersWrite = 0o022

func markerPath(library string) string { return library + ".json" }

func trusted(path string, r release) bool {
	info, err := os.Stat(path)
	if err != nil || info.Size() != r.Library {
		return false
	}
	var m marker
	if err := readJSON(markerPath(path), &m); err != nil {
		return false
	}
	folder, err := os.Stat(filepath.Dir(path))
	if err != nil || (info.Mode()|folder.Mode())&othersWrite != 0 {
		return false
	}
	return m.SHA256 == r.SHA256 && m.Size == info.Size() && m.Modified.Equal(info.ModTime()) && m.Changed.Equal(changedAt(info))
}

// adopt marks a library without a valid marker if its hash is right.
func adopt(path string, r release) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || info.Size() != r.Library {
		return false
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil || hex.EncodeToString(sum.Sum(nil)) != r.SHA256 {
		return false
	}
	return mark(path, r) == nil
}

func mark(path string, r release) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	return writeJSON(markerPath(path), marker{SHA256: r.SHA256, Size: info.Size(), Modified: info.ModTime(), Changed: changedAt(info)})
}

// install checks the tarball and moves its library to path in one step.
func install(ctx context.Context, r release, tarball, tmp, path string) error {
	_ = os.RemoveAll(filepath.Join(tmp, npmCache)) // it has a second copy of the tarball
	if err := checkTarball(ctx, r, tarball); err != nil {
		return err
	}
	unpacked := filepath.Join(tmp, libraryName)
	if err := unpack(ctx, r, tarball, unpacked); err != nil {
		return fmt.Errorf("unpack %s: %w", r.Package, err)
	}
	if err := os.Rename(unpacked, path); err != nil {
		return err
	}
	if err := syncDir(filepath.Dir(path)); err != nil {
		return err
	}
	return mark(path, r)
}

func checkTarball(ctx context.Context, r release, tarball string) error {
	f, err := os.Open(tarball)
	if err != nil {
		return err
	}
	defer f.Close()
	sum := sha512.New()
	n, err := io.Copy(sum, &contextReader{ctx, f})
	if err != nil {
		return fmt.Errorf("check %s: %w", r.Package, err)
	}
	got := base64.StdEncoding.EncodeToString(sum.Sum(nil))
	if got != r.SHA512 {
		return fmt.Errorf("check %s@%s: %w: sha512 of %d bytes is %s, not %s (is npm's registry the real one or a faithful mirror? or %s)",
			r.Package, r.Version, ErrIntegrity, n, got, r.SHA512, otherWays)
	}
	return nil
}

// unpack copies the library from the tarball to a file.
func unpack(ctx context.Context, r release, tarball, to string) error {
	f, err := os.Open(tarball)
	if err != nil {
		return err
	}
	defer f.Close()
	z, err := gzip.NewReader(bufio.NewReaderSize(&contextReader{ctx, f}, 1<<20))
	if err != nil {
		return err
	}
	defer z.Close()
	files := tar.NewReader(z)
	for {
		h, err := files.Next()
		if errors.Is(err, io.EOF) {
			return fmt.Errorf("%w: it has no %s", ErrIntegrity, libraryName)
		}
		if err != nil {
			return err
		}
		if h.Typeflag != tar.TypeReg || h.Name != "package/"+libraryName {
			continue
		}
		return writeLibrary(files, to, r)
	}
}

func writeLibrary(from io.Reader, to string, r release) (err error) {
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o755)
	if err != nil {
		return err
	}
	defer func() {
		if closeErr := out.Close(); err == nil {
			err = closeErr
		}
	}()
	sum := sha256.New()
	n, err := io.CopyBuffer(io.MultiWriter(out, sum), from, make([]byte, 1<<20))
	if err != nil {
		return err
	}
	if got := hex.EncodeToString(sum.Sum(nil)); n != r.Library || got != r.SHA256 {
		return fmt.Errorf("%w: %s has %d bytes, sha256 %s; recorded are %d and %s",
			ErrIntegrity, libraryName, n, got, r.Library, r.SHA256)
	}
	return out.Sync()
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// contextReader ends a long read when its context ends.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c *contextReader) Read(p []byte) (int, error) {
	if err := context.Cause(c.ctx); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}
