package daemon

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/callvault/callvault/internal/connect"
	"github.com/callvault/callvault/internal/words"
)

// listen answers /healthz, /readyz and /metrics until stop is called.
func (d *daemon) listen(l net.Listener) (stop func()) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", d.health)
	mux.HandleFunc("GET /readyz", d.ready)
	mux.Handle("GET /metrics", promhttp.HandlerFor(d.meters.reg, promhttp.HandlerOpts{ErrorLog: slog.NewLogLogger(d.Log.Handler(), slog.LevelWarn)}))
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second, ErrorLog: slog.NewLogLogger(d.Log.Handler(), slog.LevelWarn)}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			d.Log.Error("health endpoint ended", "err", err)
		}
	}()
	return func() { srv.Close(); <-ended }
}

// health answers whether the daemon is alive. It does not depend on ClickHouse or the vendor.
func (d *daemon) health(w http.ResponseWriter, _ *http.Request) {
	d.alive()
	fmt.Fprintln(w, "ok")
}

// readyWithin bounds the check of ClickHouse.
const readyWithin = 3 * time.Second

// ready answers whether a pass could be made now.
func (d *daemon) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), readyWithin)
	defer cancel()
	if err := d.usable(ctx); err != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprintln(w, words.OneLine(err))
		return
	}
	fmt.Fprintln(w, "ok")
}

// usable returns an error unless ClickHouse can be reached and has this program's schema.
func (d *daemon) usable(ctx context.Context) error {
	store := d.store.Load()
	if store == nil {
		return errors.New("waiting for ClickHouse")
	}
	sch, err := connect.Schema(store)
	if err != nil {
		return err
	}
	st, err := sch.Status(ctx)
	switch {
	case err != nil:
		return err
	case st.Newer:
		return st.Known()
	case st.Dirty:
		return fmt.Errorf("schema version %d was begun and not finished; run callvault migrate up", st.Current)
	case st.Pending() > 0:
		return fmt.Errorf("%d schema versions pending", st.Pending())
	}
	return nil
}
