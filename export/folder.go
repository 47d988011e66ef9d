package export

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Folder is a destination on this machine.
type Folder struct {
	path   string
	lock   *os.File
	server *httpServer
}

// OpenFolder makes the folder if it is missing, and excludes other exports from it until it
// is closed. address is the address of ClickHouse's HTTP interface; if it is empty, the
// server names it.
func OpenFolder(ctx context.Context, conn driver.Conn, ch *clickhouse.Options, address, path string) (*Folder, error) {
	if err := os.MkdirAll(path, 0o777); err != nil {
		return nil, fmt.Errorf("export to %s: %w", path, reason(err))
	}
	lock, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("export to %s: %w", path, reason(err))
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		lock.Close()
		return nil, fmt.Errorf("export to %s: another export is writing there", path)
	}
	server, err := newHTTP(ctx, conn, ch, address)
	if err != nil {
		lock.Close()
		return nil, err
	}
	f := &Folder{path, lock, server}
	_ = os.Remove(f.partial())
	return f, nil
}

// reason returns an error without the path that it begins with.
func reason(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}

// Close allows other exports to use the folder.
func (f *Folder) Close() error { return f.lock.Close() }

// Done reads the record. It leaves out files that are missing or have another size.
func (f *Folder) Done(_ context.Context, relation string) (manifest, error) {
	content, err := os.ReadFile(filepath.Join(f.path, manifestOf(relation)))
	if errors.Is(err, fs.ErrNotExist) {
		return manifest{}, nil
	}
	if err != nil {
		return nil, err
	}
	m, err := decodeManifest(relation, content)
	for name, d := range m {
		var size uint64 // 0 if there is no file
		if info, err := os.Stat(filepath.Join(f.path, relation, name)); err == nil {
			size = uint64(info.Size())
		}
		if size != d.Bytes {
			delete(m, name)
		}
	}
	return m, err
}

// Write writes the file elsewhere and then moves it into its place. Without rows it
// removes the file.
func (f *Folder) Write(ctx context.Context, relation, file, query string, format Format) (Done, error) {
	body, rows, err := f.server.query(ctx, query+" FORMAT "+format.query)
	if err != nil {
		return Done{}, err
	}
	defer body.Close()
	done := Done{Rows: rows, Written: time.Now().UTC().Truncate(time.Second)}
	if rows == 0 {
		return done, f.remove(filepath.Join(relation, file))
	}
	n, err := f.replace(filepath.Join(relation, file), body)
	done.Bytes = uint64(n)
	return done, err
}

// Note stores the record.
func (f *Folder) Note(_ context.Context, relation string, m manifest) error {
	content, err := m.encode()
	if err != nil {
		return err
	}
	_, err = f.replace(manifestOf(relation), bytes.NewReader(content))
	return err
}

// partial returns the path of the one file that is not whole. If a killed run leaves it, the
// next run removes it.
func (f *Folder) partial() string { return filepath.Join(f.path, stateFolder, "partial") }

// remove removes a file, and its folder if the folder is then empty.
func (f *Folder) remove(name string) error {
	name = filepath.Join(f.path, name)
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	_ = os.Remove(filepath.Dir(name))
	return nil
}

// replace moves a file into its place when all of it is on the disk.
func (f *Folder) replace(name string, content io.Reader) (n int64, err error) {
	name = filepath.Join(f.path, name)
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		return 0, err
	}
	partial := f.partial()
	if err := os.MkdirAll(filepath.Dir(partial), 0o777); err != nil {
		return 0, err
	}
	out, err := os.Create(partial)
	if err != nil {
		return 0, err
	}
	n, err = io.Copy(out, content)
	if err == nil {
		err = out.Sync()
	}
	if cerr := out.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(partial, name)
	}
	if err != nil {
		_ = os.Remove(partial)
	}
	return n, err
}
