package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"

	"github.com/spf13/cobra"

	"github.com/callvault/callvault/console"
	"github.com/callvault/callvault/internal/config"
	"github.com/callvault/callvault/internal/connect"
	"github.com/callvault/callvault/load/store"
)

// consoleAddress is where the console listens unless a setting or a flag says otherwise.
const consoleAddress = "127.0.0.1:8081"

func (c *cli) consoleCmd() *cobra.Command {
	var listen string
	var demo bool
	cmd := &cobra.Command{
		Use:   "console",
		Short: "Serve the page of each call to a browser",
		Long: `Serve a web site that answers what happened in a call, as long as the archive keeps
it: who was there, what each user sent and received second by second, whose fault bad
minutes were, and what is missing. It finds calls by room, user, time and quality, and
shows how good all calls were by day. It speaks English and Chinese.

The site only reads, loads nothing from elsewhere, and works without JavaScript. It
listens on this machine (` + consoleAddress + `). On another address, by --listen or
CALLVAULT_CONSOLE, it needs CALLVAULT_CONSOLE_PASSWORD, or a proxy that names the
visitor in CALLVAULT_CONSOLE_HEADER. callvault serve serves it, too, if
CALLVAULT_CONSOLE is set. See docs/console.md.`,
		Example: `  callvault console
  callvault console --demo                   the demo's calls
  callvault console --listen 127.0.0.1:9000
  CALLVAULT_CONSOLE_PASSWORD_FILE=/run/secrets/console callvault console --listen 0.0.0.0:8081`,
		Annotations: changes("nothing"),
		RunE:        func(cmd *cobra.Command, args []string) error { return c.console(cmd.Context(), listen, demo) },
	}
	cmd.Flags().StringVar(&listen, "listen", "", "`address` to listen on (default $CALLVAULT_CONSOLE, or "+consoleAddress+"); port 0 means any free one")
	cmd.Flags().BoolVar(&demo, "demo", false, "show the data of callvault demo")
	return cmd
}

func (c *cli) console(ctx context.Context, listen string, demo bool) error {
	cfg, err := c.config()
	if err != nil {
		return err
	}
	address := cmp.Or(listen, cfg.Console.Listen, consoleAddress)
	if err := cfg.Console.Refused(address); err != nil {
		return err
	}
	archive, done, err := c.openArchive(ctx, cfg, "console", demo)
	if err != nil {
		return err
	}
	defer done()
	l, err := net.Listen("tcp", address)
	if err != nil {
		return config.Error{Setting: "--listen", Problem: err.Error(), Try: "choose another address"}
	}
	fmt.Fprintf(c.stdout, "The console is at http://%s/\nCtrl-C stops it.\n", l.Addr())
	return console.Serve(ctx, l, console.New(c.consoleOptions(cfg, archive)), c.logger())
}

// openArchive opens an archive that has the schema of this program, to read it.
func (c *cli) openArchive(ctx context.Context, cfg *config.Config, command string, demo bool) (*store.Store, func(), error) {
	archive, done, err := c.openToRead(ctx, cfg, reading{command: command, demo: demo, options: store.Options{ReadOnly: true}})
	if err != nil {
		return nil, nil, err
	}
	if err = connect.Migrated(ctx, archive); errors.Is(err, connect.ErrNoArchive) {
		err = connect.NoArchive(command)
	}
	if err != nil {
		done()
		return nil, nil, err
	}
	return archive, done, nil
}

func (c *cli) consoleOptions(cfg *config.Config, archive console.Archive) console.Options {
	return console.Options{Archive: func() console.Archive { return archive }, Access: console.AccessOf(cfg.Console), Log: c.logger(), Now: c.now, Version: version}
}

// beside serves the console of an archive on this machine, on the usual port or any other,
// until stop is called. It returns its address.
func (c *cli) beside(ctx context.Context, cfg *config.Config, dsn string) (url string, stop func(), err error) {
	archive, err := connect.Store(ctx, dsn, store.Options{ReadOnly: true})
	if err != nil {
		return "", nil, err
	}
	l, err := net.Listen("tcp", consoleAddress)
	if err != nil {
		l, err = net.Listen("tcp", "127.0.0.1:0")
	}
	if err != nil {
		return "", nil, errors.Join(err, archive.Close())
	}
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	go func() { ended <- console.Serve(ctx, l, console.New(c.consoleOptions(cfg, archive)), log) }()
	return "http://" + l.Addr().String() + "/", func() { cancel(); <-ended; archive.Close() }, nil
}
