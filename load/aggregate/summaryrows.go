package aggregate

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/callvault/callvault/load/native"
)

// ownerColumns adds the columns that all summaries begin with.
func ownerColumns[R any](in *native.Columns, rows []R, of func(*R) *Head) {
	native.Add(in, rows, func(r *R) uint64 { return of(r).Load })
	native.Add(in, rows, func(r *R) uint32 { return uint32(of(r).Unit.App) })
	native.Add(in, rows, func(r *R) string { return of(r).Unit.Key })
	native.Add(in, rows, func(r *R) time.Time { return native.DateTime(of(r).Created) })
}

const ownerNames = "load_id, sdk_app_id, comm_id, "

func insertUsers(ctx context.Context, conn driver.Conn, rows []userSummary, limits string) error {
	names := ownerNames + `call_created_at, room_id, user_id, first_joined_at, last_left_at, sessions, presence_seconds,
		device_type, sdk_version, client_ip, samples, events, network_changes, connections_lost, video_bitrate_swing_up` +
		measureNames(measuresUp[:]) + downNames + metricNames + ", minutes, whys, judged_by"
	return native.Insert(ctx, conn, "call_users_data", names, func(in *native.Columns) {
		ownerColumns(in, rows, func(r *userSummary) *Head { return r.Head })
		native.Add(in, rows, func(r *userSummary) string { return cmp.Or(r.presence.roomID, r.RoomID) })
		native.Add(in, rows, func(r *userSummary) string { return r.user })
		native.Add(in, rows, func(r *userSummary) time.Time { return native.DateTime(r.presence.first) })
		in.Add(native.Each(rows, func(r *userSummary) *time.Time {
			if r.presence.running {
				return nil
			}
			return native.OrNull(r.presence.last)
		}))
		native.Add(in, rows, func(r *userSummary) uint64 { return r.presence.sessions })
		native.Add(in, rows, func(r *userSummary) uint64 { return r.presence.seconds() })
		native.Add(in, rows, func(r *userSummary) string { return r.presence.lastOf.DeviceType })
		native.Add(in, rows, func(r *userSummary) string { return r.presence.lastOf.SDKVersion })
		native.Add(in, rows, func(r *userSummary) string { return r.presence.lastOf.ClientIP })
		native.Add(in, rows, func(r *userSummary) uint64 { return r.samples })
		native.Add(in, rows, func(r *userSummary) uint64 { return r.events })
		native.Add(in, rows, func(r *userSummary) uint64 { return r.changes })
		native.Add(in, rows, func(r *userSummary) uint64 { return r.lost })
		in.Encoded(nullable(rows, func(r *userSummary) float64 { return r.swing }))
		for i := range measuresUp {
			measureColumns(in, rows, func(r *userSummary) *figures { return &r.up[i] })
		}
		downColumnsOf(in, rows, func(r *userSummary) *down { return &r.down })
		metricColumns(in, rows)
		minutes := newMinutes(true)
		for i := range rows {
			minutes.users(rows[i].Created, rows[i].minutes)
		}
		in.Encoded(minutes)
		in.Encoded(&minutes.whys)
		in.Add(slices.Repeat([]string{limits}, len(rows)))
	})
}

const metricNames = ", `metrics.direction`, `metrics.metric`, `metrics.samples`, `metrics.sum`, `metrics.min`, `metrics.p50`, `metrics.p95`, `metrics.max`"

// metricColumns adds the arrays of all metrics of users.
func metricColumns(in *native.Columns, rows []userSummary) {
	for _, text := range []func(*metricFigures) string{
		func(m *metricFigures) string { return m.direction },
		func(m *metricFigures) string { return m.metric },
	} {
		c := new(proto.ColStr).Array()
		for i := range rows {
			c.Append(native.Each(rows[i].metrics, text))
		}
		in.Encoded(c)
	}
	samples := new(proto.ColUInt64).Array()
	for i := range rows {
		samples.Append(native.Each(rows[i].metrics, func(m *metricFigures) uint64 { return m.samples }))
	}
	in.Encoded(samples)
	for _, value := range []func(*metricFigures) float64{
		func(m *metricFigures) float64 { return m.sum },
		func(m *metricFigures) float64 { return m.min },
		func(m *metricFigures) float64 { return m.median },
		func(m *metricFigures) float64 { return m.p95 },
		func(m *metricFigures) float64 { return m.max },
	} {
		c := new(proto.ColFloat64).Array()
		for i := range rows {
			c.Append(native.Each(rows[i].metrics, value))
		}
		in.Encoded(c)
	}
}

func insertPairs(ctx context.Context, conn driver.Conn, rows []pairSummary, limits string) error {
	names := ownerNames + "call_created_at, room_id, user_id, peer_id, first_ts, last_ts" + downNames +
		", peer_audio_loss_up_avg, peer_video_loss_up_avg, peer_rtt_avg, minutes, whys, judged_by"
	return native.Insert(ctx, conn, "peer_quality_data", names, func(in *native.Columns) {
		ownerColumns(in, rows, func(r *pairSummary) *Head { return r.Head })
		native.Add(in, rows, func(r *pairSummary) string { return r.RoomID })
		native.Add(in, rows, func(r *pairSummary) string { return r.user })
		native.Add(in, rows, func(r *pairSummary) string { return r.peer })
		in.Encoded(proto.ColUInt32(native.Each(rows, func(r *pairSummary) uint32 { return r.first })))
		in.Encoded(proto.ColUInt32(native.Each(rows, func(r *pairSummary) uint32 { return r.last })))
		downColumnsOf(in, rows, func(r *pairSummary) *down { return &r.down })
		for _, of := range []func(*pairSummary) *figures{
			func(r *pairSummary) *figures { return &r.peerSent.audioLoss },
			func(r *pairSummary) *figures { return &r.peerSent.videoLoss },
			func(r *pairSummary) *figures { return &r.peerSent.rtt },
		} {
			in.Encoded(nullable(rows, func(r *pairSummary) float64 { return of(r).avg() }))
		}
		minutes := newMinutes(false)
		for i := range rows {
			minutes.pairs(rows[i].Created, rows[i].minutes)
		}
		in.Encoded(minutes)
		in.Encoded(&minutes.whys)
		in.Add(slices.Repeat([]string{limits}, len(rows)))
	})
}

func insertCalls(ctx context.Context, conn driver.Conn, rows []callSummary, limits string) error {
	const names = ownerNames + `created_at, room_id, destroyed_at, is_finished, creator_user_id, users, sessions, presence_seconds, peak_users,
		samples, network_changes, connections_lost, rtt_avg, sys_cpu_avg, audio_loss_up_avg, audio_loss_down_avg, video_loss_up_avg, video_loss_down_avg,
		video_fps_down_avg, audio_stall_share, video_stall_share, user_ids, minutes, whys, judged_by, is_complete, missing`
	return native.Insert(ctx, conn, "calls_data", names, func(in *native.Columns) {
		ownerColumns(in, rows, func(r *callSummary) *Head { return r.Head })
		native.Add(in, rows, func(r *callSummary) string { return r.RoomID })
		native.Add(in, rows, func(r *callSummary) *time.Time { return native.OrNull(r.room.DestroyedAt) })
		native.Add(in, rows, func(r *callSummary) bool { return r.room.Finished })
		native.Add(in, rows, func(r *callSummary) string { return r.room.Creator })
		for _, number := range []func(*callSummary) uint64{
			func(r *callSummary) uint64 { return r.users },
			func(r *callSummary) uint64 { return r.sessions },
			func(r *callSummary) uint64 { return r.presence },
			func(r *callSummary) uint64 { return r.peak },
			func(r *callSummary) uint64 { return r.samples },
			func(r *callSummary) uint64 { return r.changes },
			func(r *callSummary) uint64 { return r.lost },
		} {
			native.Add(in, rows, number)
		}
		for _, share := range []func(*callSummary) float64{
			func(r *callSummary) float64 { return r.up[rtt].avg() },
			func(r *callSummary) float64 { return r.up[sysCPU].avg() },
			func(r *callSummary) float64 { return r.up[audioLossUp].avg() },
			func(r *callSummary) float64 { return r.down.of[audioLossDown].avg() },
			func(r *callSummary) float64 { return r.up[videoLossUp].avg() },
			func(r *callSummary) float64 { return r.down.of[videoLossDown].avg() },
			func(r *callSummary) float64 { return r.down.of[videoFPSDown].avg() },
			func(r *callSummary) float64 { return r.down.stall[audioStall].stallShare() },
			func(r *callSummary) float64 { return r.down.stall[videoStall].stallShare() },
		} {
			in.Encoded(nullable(rows, share))
		}
		users := new(proto.ColStr).Array()
		minutes := newMinutes(true)
		var ends proto.ColUInt64 // where the users of each call end
		for i := range rows {
			users.Append(rows[i].userIDs)
			for _, m := range rows[i].minutes {
				minutes.users(rows[i].Created, m)
			}
			ends = append(ends, uint64(minutes.Rows()))
		}
		in.Encoded(users)
		in.Encoded(&native.Arrays{Ends: ends, Elements: []native.Encodable{minutes}})
		in.Encoded(&native.Arrays{Ends: ends, Elements: []native.Encodable{&minutes.whys}})
		in.Add(slices.Repeat([]string{limits}, len(rows)))
		native.Add(in, rows, func(r *callSummary) bool { return r.complete() })
		native.Add(in, rows, func(r *callSummary) []string { return r.Entry.Missing() })
	})
}

// measureNames lists the columns of measures, each after a comma.
func measureNames(all []measure) (names string) {
	for _, m := range all {
		for _, of := range []string{"samples", "avg", "min", "p50", "p95", "max"} {
			names += ", " + m.name + "_" + of
		}
	}
	return names
}

var downNames = measureNames(measuresDown[:]) + ", audio_stall_samples, audio_stall_seconds, audio_stall_share, video_stall_samples, video_stall_seconds, video_stall_share"

func measureColumns[R any](in *native.Columns, rows []R, of func(*R) *figures) {
	native.Add(in, rows, func(r *R) uint64 { return of(r).samples })
	for _, value := range []func(*figures) float64{
		(*figures).avg,
		func(f *figures) float64 { return f.min },
		func(f *figures) float64 { return f.median },
		func(f *figures) float64 { return f.p95 },
		func(f *figures) float64 { return f.max },
	} {
		in.Encoded(nullable(rows, func(r *R) float64 {
			if of(r).samples == 0 {
				return math.NaN()
			}
			return value(of(r))
		}))
	}
}

func downColumnsOf[R any](in *native.Columns, rows []R, of func(*R) *down) {
	for i := range measuresDown {
		measureColumns(in, rows, func(r *R) *figures { return &of(r).of[i] })
	}
	for i := range stallMeasures {
		stall := func(r *R) *figures { return &of(r).stall[i] }
		native.Add(in, rows, func(r *R) uint64 { return stall(r).samples })
		native.Add(in, rows, func(r *R) float64 { return stall(r).sum / 1000 })
		in.Encoded(nullable(rows, func(r *R) float64 { return stall(r).stallShare() }))
	}
}

// nullable makes a column whose NaNs are NULL.
func nullable[R any](rows []R, value func(*R) float64) *proto.ColNullable[float64] {
	c := proto.NewColNullable[float64](new(proto.ColFloat64))
	for i := range rows {
		if v := value(&rows[i]); math.IsNaN(v) {
			c.Append(proto.Null[float64]())
		} else {
			c.Append(proto.NewNullable(v))
		}
	}
	return c
}
