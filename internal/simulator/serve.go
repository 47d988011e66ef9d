package simulator

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// Server is a simulator that answers over HTTP.
type Server struct {
	*Simulator
	URL    string
	server *http.Server
	Failed chan error // told why it ended by itself
}

// Serve serves until ctx ends and Close is called.
func Serve(ctx context.Context, listen string, o Options) (*Server, error) {
	sim, err := New(o)
	if err != nil {
		return nil, fmt.Errorf("start the simulator: %w", err)
	}
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return nil, fmt.Errorf("start the simulator: %w; choose another --listen", err)
	}
	s := &Server{Simulator: sim, URL: "http://" + l.Addr().String(), Failed: make(chan error, 1)}
	s.server = &http.Server{Handler: sim, ReadHeaderTimeout: 10 * time.Second, BaseContext: func(net.Listener) context.Context { return ctx }}
	go func() {
		if err := s.server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			s.Failed <- fmt.Errorf("serve the simulator: %w", err)
		}
	}()
	return s, nil
}

// Close ends the serving.
func (s *Server) Close() error { return s.server.Close() }
