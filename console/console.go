// Package console serves the page of a call, and the ways to find it, as a small web site.
// It reads the relations that analysts read, and can write nothing: the archive that it is
// given has one method, which selects. What a visitor sends reaches ClickHouse as query
// parameters, never as text. All times are UTC.
package console

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/callvault/callvault/internal/words"
)

// Archive reads the relations of an archive.
type Archive interface {
	// Select reads rows into dest, the address of a slice of structs with the tag ch.
	// The query names its parameters as {name:Type}.
	Select(ctx context.Context, dest any, query string, params map[string]any) error
}

// Options are what the console gets from outside.
type Options struct {
	Archive func() Archive // nil while there is none yet: pages say so
	Access  Access
	Log     *slog.Logger
	Now     func() time.Time
	Version string
}

// within bounds the time that a page may take.
const within = 20 * time.Second

var errLate = errors.New("a page took too long")

// bounded ends a page's statements in time. The client would make a setting of a deadline,
// which a user who may only read must not set.
func bounded(r *http.Request) (*http.Request, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(r.Context())
	late := time.AfterFunc(within, func() { cancel(errLate) })
	return r.WithContext(ctx), func() { late.Stop(); cancel(nil) }
}

//go:embed templates static
var files embed.FS

type console struct {
	Options
	pages  map[string]map[string]*template.Template // by language and name
	memory memory
}

// New returns the web site. Its pages link to each other by relative addresses, so it
// works below any path.
func New(o Options) http.Handler {
	c := &console{Options: o, pages: parsePages()}
	mux := http.NewServeMux()
	for path, p := range map[string]func(*request) (*page, error){
		"GET /{$}": c.find, "GET /call": c.call, "GET /pair": c.pair, "GET /user": c.user, "GET /fleet": c.fleet, "GET /file": c.file,
	} {
		mux.Handle(path, c.handle(p))
	}
	mux.Handle("GET /static/", cached(http.FileServerFS(files)))
	mux.Handle("/", c.handle(func(*request) (*page, error) { return nil, problem{http.StatusNotFound, "There is no such page."} }))
	return c.guard(mux)
}

// Serve serves a web site until ctx ends.
func Serve(ctx context.Context, l net.Listener, site http.Handler, log *slog.Logger) error {
	srv := &http.Server{Handler: site, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: time.Minute, WriteTimeout: 2 * within, MaxHeaderBytes: 1 << 16, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn)}
	stop := context.AfterFunc(ctx, func() { srv.Close() })
	defer stop()
	if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve the console: %w", err)
	}
	return nil
}

// request is what a page is made from.
type request struct {
	*http.Request
	archive Archive
	memory  *memory
	query   query
	lang    string
	now     time.Time
}

// problem is an error for the visitor. Its text is a key of the translations.
type problem struct {
	status int
	text   string
}

func (p problem) Error() string { return p.text }

// unknownTable is in the error about an archive that is yet to be made.
const unknownTable = "code: 60,"

// handle makes a page and writes it, or an error's page.
func (c *console) handle(make func(*request) (*page, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		inTime, cancel := bounded(r)
		defer cancel()
		q := &request{Request: inTime, memory: &c.memory, query: query{r.URL.Query()}, lang: language(w, r), now: c.Now().UTC().Truncate(time.Second)}
		p, status := c.make(q, make)
		p.Lang, p.Version, p.Here, p.Now = q.lang, c.Version, r.URL, q.now
		var body bytes.Buffer
		if err := c.write(&body, p); err != nil {
			c.Log.Error("page not made", "path", r.URL.Path, "err", err)
			http.Error(w, "the page cannot be made", http.StatusInternalServerError)
			return
		}
		h := w.Header()
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Content-Language", map[string]string{"en": "en", "zh": "zh-Hans"}[p.Lang])
		h.Set("Server-Timing", fmt.Sprintf("page;dur=%.1f", float64(time.Since(began).Microseconds())/1000))
		if p.File {
			h.Set("Content-Disposition", `attachment; filename="call.html"`)
		}
		w.WriteHeader(status)
		_, _ = body.WriteTo(w)
	})
}

// make makes a page, or that of an error.
func (c *console) make(q *request, make func(*request) (*page, error)) (*page, int) {
	p, err := (*page)(nil), error(problem{http.StatusServiceUnavailable, "The console waits for ClickHouse. Try again in a moment."})
	if q.archive = c.Archive(); q.archive != nil {
		p, err = make(q)
	}
	if err == nil {
		return p, http.StatusOK
	}
	said, ours := errors.AsType[problem](err)
	if !ours && strings.Contains(err.Error(), unknownTable) {
		said, ours = problem{http.StatusServiceUnavailable, "Nothing is archived yet. The first pass of callvault archive makes the archive."}, true
	}
	if !ours {
		c.Log.Error("page not made", "path", q.URL.Path, "err", words.OneLine(err))
		said = problem{http.StatusBadGateway, "ClickHouse did not answer as it should. The log of callvault says more."}
		if errors.Is(context.Cause(q.Context()), errLate) {
			said = problem{http.StatusGatewayTimeout, "ClickHouse did not answer in time. Try a shorter time."}
		}
	}
	return &page{Name: "error", Title: "Error", Body: said.text}, said.status
}

// cached lets a browser keep a file for an hour.
func cached(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "private, max-age=3600")
		next.ServeHTTP(w, r)
	})
}
