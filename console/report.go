package console

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// Report says which call is written to a file.
type Report struct {
	App      uint32 // 0: any
	CommID   string
	User     string // whose charts it has; "": the worst
	Language string // en or zh
}

// Write writes the page of a call as one file, which needs nothing else.
func (r Report) Write(ctx context.Context, w io.Writer, o Options) error {
	h, err := http.NewRequestWithContext(ctx, http.MethodGet, callLink(r.App, r.CommID, r.User), nil)
	if err != nil {
		return err
	}
	c := &console{Options: o, pages: parsePages()}
	q := &request{Request: h, archive: o.Archive(), memory: &c.memory, query: query{h.URL.Query()}, lang: r.Language, now: o.Now().UTC()}
	p, err := c.file(q)
	if _, ours := errors.AsType[problem](err); ours {
		return fmt.Errorf("call %q: %w", r.CommID, err)
	}
	if err != nil {
		return err
	}
	p.Lang, p.Version, p.Here, p.Now = r.Language, o.Version, h.URL, q.now
	return c.write(w, p)
}
