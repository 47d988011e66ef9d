package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/callvault/callvault/internal/config"
	"github.com/callvault/callvault/internal/simulator"
)

// simulateFlags holds the flags of simulate; options checks them and turns them into
// the simulator's options.
type simulateFlags struct {
	listen, api, retention, ahead, mix, faults, everybody string
	apps                                                  []string
	faultSeed                                             uint64
	noStatistics                                          bool
	o                                                     simulator.Options
}

func (c *cli) simulateCmd() *cobra.Command {
	var s simulateFlags
	cmd := &cobra.Command{
		Use:   "simulate",
		Short: "Run a simulated vendor in the foreground",
		Long: `Run a strict double of the vendor's call-monitoring API until interrupted. It
checks signatures, limits and quotas, and serves calls made from a seed. Its first
output is for a shell to eval. GET /truth returns what it serves, GET /stats what it
was asked.

--faults makes it misbehave. These are the chance (0 to 1) that a request fails:
error (HTTP 200 with InternalError), html (a gateway's page), cut (half a body), stall
(half a body and a pause), reset (TCP), null (in place of rows), limit
(RequestLimitExceeded within the quota) and slow. shift is the share of lists that
move while they are paged, poison the share of calls for which one action always
fails, mute the share of one-user calls whose series are null. Others are
stall-for=2s, slow-for=1s, skew=90s (its clock is ahead), in-a-row=3 (after three
faults the same request is answered), and steps such as DescribeUserInfo@3=cut.

Other faults last: jumble, twice, listless, valueless, text-values, date-times, odd,
failing-days and gzip are shares of lists, rows, answers, calls and days. busy is the
chance of HTTP 429. page-size=20, deep-pages=10000 and too-large=1800 (seconds) bound
answers. endless=ACTION, same-page=ACTION, hang=ACTION (hang-for=60s),
code=ACTION:Code and flood=ACTION:KIND (spaces, rows, deep, bomb, length) affect one
action. down-for=10s fails every request at first. mutate=0.1 changes one thing in
that share of answers, each time another one; mutate-sticky=0.1 changes the same one
each time. mutate-once=true, mutate-any=true and mutate-kinds=type+key narrow or
widen the choice. GET /mutations lists the changes.

--events-of-all says what becomes of a question for events that names no user. The
vendor's pages require one, so it is refused, unless it is answered whole, or in a way
that must not be believed: null, for one user, without names, with the wrong names, for
five users, the first 60 events, without some, or only the first and last ones.

--troubles makes calls calm and plants a trouble in most calls of two or more users:
cameras that are off or weak, lossy uplinks and downlinks, slow devices, changes of
network, lost connections, and so on. GET /troubles lists them, with users and times.

No fault changes GET /truth. POST /faults takes the same text while it runs; an empty
text ends all faults.`,
		Example: `  callvault simulate --calls 200 > vendor.env &
  . ./vendor.env; callvault archive
  callvault simulate --faults 'error=0.05,cut=0.02,null=0.02' --fault-seed 7`,
		Annotations: changes("nothing"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o, err := s.options(cmd.Flags().Changed("fault-seed"))
			if err != nil {
				return err
			}
			return c.simulate(cmd.Context(), s.listen, o)
		},
	}
	s.flags(cmd.Flags())
	return cmd
}

func (s *simulateFlags) flags(f *pflag.FlagSet) {
	f.StringVar(&s.listen, "listen", "127.0.0.1:8199", "`address` to listen on; port 0 means any free port")
	f.Uint64Var(&s.o.Seed, "seed", 1, "seed of the calls")
	f.IntVar(&s.o.Calls, "calls", 120, "`number` of calls within the retention, over all applications")
	f.StringArrayVar(&s.apps, "app", nil, "SDKAppID to serve (repeatable; default 1400353843)")
	f.StringVar(&s.api, "api", "both", "dialects the account has: both, legacy or current")
	f.IntVar(&s.o.QPS, "qps", 20, "allowed requests a second for each action; -1 means any number")
	f.StringVar(&s.retention, "retention", "14d", "how long data is kept")
	f.StringVar(&s.ahead, "ahead", "0s", "how long into the future calls begin")
	f.IntVar(&s.o.Long, "long", 0, "additional `number` of calls that last longer than the retention")
	f.StringVar(&s.mix, "mix", "all", "`kind` of calls: all, one-to-one, unanswered, meetings or webinars")
	f.BoolVar(&s.noStatistics, "no-statistics", false, "the account has no usage statistics and dashboards")
	f.StringArrayVar(&s.o.Without, "without", nil, "`action` of statistics that the account does not have (repeatable)")
	f.BoolVar(&s.o.Troubles, "troubles", false, "calm calls, with troubles planted in most; GET /troubles lists them")
	f.StringVar(&s.everybody, "events-of-all", "refused", "`answer` to a question for events that names no user: refused, whole, null, one, nameless, swapped, users, few, some or middle")
	f.StringVar(&s.faults, "faults", "", "faults, such as error=0.05,cut=0.02; see above")
	f.Uint64Var(&s.faultSeed, "fault-seed", 0, "seed of the faults")
	f.DurationVar(&s.o.Latency, "latency", 0, "delay of each response")
}

// options checks the flags and returns them as options.
func (s *simulateFlags) options(seeded bool) (o simulator.Options, err error) {
	o = s.o
	o.Statistics = !s.noStatistics
	for _, a := range s.apps {
		id, err := config.ParseAppID(a)
		if err != nil {
			return o, usagef("--app: %v", err)
		}
		o.Apps = append(o.Apps, uint32(id))
	}
	if s.api != "both" && s.api != "legacy" && s.api != "current" {
		return o, usagef("--api %q is unknown; use both, legacy or current", s.api)
	}
	o.Legacy, o.Current = s.api == "legacy", s.api == "current"
	if o.Retention, err = config.ParseDuration(s.retention); err != nil {
		return o, usagef("--retention: %v; use 14d or 168h", err)
	}
	if o.Ahead, err = config.ParseDuration(s.ahead); err != nil {
		return o, usagef("--ahead: %v; use 14d or 168h", err)
	}
	if o.Mix, err = simulator.ParseMix(s.mix); err != nil {
		return o, usagef("--mix: %v", err)
	}
	if o.Everybody, err = simulator.ParseEverybody(s.everybody); err != nil {
		return o, usagef("--events-of-all: %v", err)
	}
	if o.Faults, err = simulator.ParseFaults(s.faults); err != nil {
		return o, usagef("--faults: %v", err)
	}
	if seeded {
		o.Faults.Seed = s.faultSeed
	}
	return o, nil
}

func (c *cli) simulate(ctx context.Context, listen string, o simulator.Options) error {
	o.SecretID, o.SecretKey, o.Token = c.getenv("TENCENTCLOUD_SECRET_ID"), c.getenv("TENCENTCLOUD_SECRET_KEY"), c.getenv("TENCENTCLOUD_TOKEN")
	sim, err := simulator.Serve(ctx, listen, o)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.stdout, "export TENCENTCLOUD_SECRET_ID=%s\nexport TENCENTCLOUD_SECRET_KEY=%s\nexport CALLVAULT_TRTC_ENDPOINT=%s\nexport CALLVAULT_SDK_APP_IDS=%s\n",
		sim.SecretID(), sim.SecretKey(), sim.URL, joined(sim.Apps()))
	fmt.Fprintln(c.stderr, "callvault: the simulated vendor is up; Ctrl-C stops it")
	select {
	case <-ctx.Done():
		return sim.Close()
	case err := <-sim.Failed:
		return err
	}
}
