package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

const columns = "load_id, sdk_app_id, comm_id, room_id, user_id, peer_id, metric, ts, number, per, odd"

// sql is the best way that needs no program: ClickHouse asks for the bodies and
// takes them apart.
func (b *bench) sql(ctx context.Context, v *vendor) error {
	const q = `INSERT INTO quality_samples_data (` + columns + `)
		WITH point.Value = toInt32(point.Value) AS whole
		SELECT 1, %d, call, 'canned', series.UserId, ifNull(series.PeerId, ''), series.DataType, point.Time, if(whole, toInt32(point.Value), 0), whole, if(whole, 0, point.Value)
		FROM (
			SELECT _path AS call, arrayJoin(Response.Data) AS series
			FROM url('%s/{0..%d}', JSONEachRow, 'Response Tuple(Data Array(Tuple(Content Array(Tuple(Time UInt32, Value Nullable(Float64))), PeerId Nullable(String), UserId String, DataType String)))')
		) ARRAY JOIN series.Content AS point
		WHERE isNotNull(point.Value)
		SETTINGS max_insert_threads = 2, max_memory_usage = 1300000000`
	return b.store.StoreConn().Exec(ctx, fmt.Sprintf(q, app, v.url, v.Calls-1))
}

// The official SDK's types, field by field.
type (
	sdkResponse struct {
		Response *struct {
			Total     *int64           `json:"Total,omitempty"`
			UserList  []*sdkUser       `json:"UserList,omitempty"`
			Data      []*sdkSeriesData `json:"Data,omitempty"`
			RequestId *string          `json:"RequestId,omitempty"`
		} `json:"Response"`
	}
	sdkUser struct {
		RoomStr    *string `json:"RoomStr,omitempty"`
		UserId     *string `json:"UserId,omitempty"`
		JoinTs     *uint64 `json:"JoinTs,omitempty"`
		LeaveTs    *uint64 `json:"LeaveTs,omitempty"`
		DeviceType *string `json:"DeviceType,omitempty"`
		SdkVersion *string `json:"SdkVersion,omitempty"`
		ClientIp   *string `json:"ClientIp,omitempty"`
		Finished   *bool   `json:"Finished,omitempty"`
	}
	sdkSeriesData struct {
		Content  []*sdkPoint `json:"Content,omitempty"`
		PeerId   *string     `json:"PeerId,omitempty"`
		UserId   *string     `json:"UserId,omitempty"`
		DataType *string     `json:"DataType,omitempty"`
	}
	sdkPoint struct {
		Time  *uint64  `json:"Time,omitempty"`
		Value *float64 `json:"Value,omitempty"`
	}
)

// naive is the program one would write first: encoding/json into the SDK's
// types, and clickhouse-go row by row, one insert a body.
func (b *bench) naive(ctx context.Context, v *vendor) error {
	for i := range v.Calls {
		if err := b.naiveCall(ctx, v, i); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) naiveCall(ctx context.Context, v *vendor, i int) error {
	resp, err := http.Get(fmt.Sprintf("%s/%d", v.url, i))
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	var r sdkResponse
	if err := json.Unmarshal(body, &r); err != nil {
		return err
	}
	batch, err := b.store.StoreConn().PrepareBatch(ctx, "INSERT INTO quality_samples_data ("+columns+")")
	if err != nil {
		return err
	}
	for _, s := range r.Response.Data {
		peer := ""
		if s.PeerId != nil {
			peer = *s.PeerId
		}
		for _, p := range s.Content {
			number, per, odd := int32(*p.Value), uint32(1), 0.0
			if float64(number) != *p.Value {
				number, per, odd = 0, 0, *p.Value
			}
			err := batch.Append(uint64(1), uint32(app), v.commID(i), "canned", *s.UserId, peer, *s.DataType, time.Unix(int64(*p.Time), 0), number, per, odd)
			if err != nil {
				return err
			}
		}
	}
	return batch.Send()
}

// engineTable holds in the engine's memory the rows that ours has inserted, in
// the order of the table's key.
func (b *bench) engineTable(ctx context.Context) error {
	return b.exec(ctx,
		"DROP TABLE IF EXISTS in_memory SYNC",
		"CREATE TABLE in_memory AS quality_samples_data ENGINE = Memory",
		"INSERT INTO in_memory ("+columns+") SELECT "+columns+" FROM quality_samples_data ORDER BY sdk_app_id, metric, comm_id, user_id, peer_id, ts SETTINGS max_threads = 1, max_insert_threads = 1, max_memory_usage = 1300000000")
}

// engine is the engine's own INSERT of rows that it has: what no client beats.
func (b *bench) engine(ctx context.Context) error {
	return b.exec(ctx, "INSERT INTO quality_samples_data ("+columns+") SELECT "+columns+" FROM in_memory")
}
