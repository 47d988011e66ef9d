// Command sdk2021 asks a simulator through the vendor's typed client of 2021
// and prints what the client made of the answers, one JSON object a line:
// {"action":…,"response":…} or {"action":…,"code":…}. It is a module of its
// own because that client and the vendor's package of today cannot be
// required together.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"

	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common"
	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/errors"
	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/profile"
	trtc "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/trtc/v20190722"
)

// settings are the command line.
type settings struct {
	endpoint, id, key, token, app, sign, method string
	from, to                                    uint64
}

func main() {
	var s settings
	flag.StringVar(&s.endpoint, "endpoint", "127.0.0.1:8199", "host and port of the simulator")
	flag.StringVar(&s.id, "id", os.Getenv("TENCENTCLOUD_SECRET_ID"), "secret id")
	flag.StringVar(&s.key, "key", os.Getenv("TENCENTCLOUD_SECRET_KEY"), "secret key")
	flag.StringVar(&s.token, "token", os.Getenv("TENCENTCLOUD_TOKEN"), "session token")
	flag.StringVar(&s.app, "app", "1400353843", "SDKAppID")
	flag.StringVar(&s.sign, "sign", "TC3-HMAC-SHA256", "signature method")
	flag.StringVar(&s.method, "method", "POST", "HTTP method")
	flag.Uint64Var(&s.from, "from", 0, "start of the room list, unix seconds")
	flag.Uint64Var(&s.to, "to", 0, "end of the room list, unix seconds")
	flag.Parse()
	if err := s.run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func (s *settings) client() (*trtc.Client, error) {
	p := profile.NewClientProfile()
	p.SignMethod = s.sign
	p.Language = "en-US"
	p.HttpProfile.Scheme = "HTTP"
	p.HttpProfile.Endpoint = s.endpoint
	p.HttpProfile.ReqMethod = s.method
	credential := common.NewTokenCredential(s.id, s.key, s.token)
	return trtc.NewClient(credential, "ap-guangzhou", p)
}

// run asks each legacy action about the first room of the list.
func (s *settings) run() error {
	client, err := s.client()
	if err != nil {
		return err
	}
	log.SetFlags(0)
	list := trtc.NewDescribeRoomInformationRequest()
	list.SdkAppId, list.StartTime, list.EndTime = &s.app, &s.from, &s.to
	list.PageNumber, list.PageSize = common.StringPtr("0"), common.StringPtr("100")
	rooms, err := client.DescribeRoomInformation(list)
	if err := show("DescribeRoomInformation", rooms, err); err != nil {
		return err
	}
	for _, room := range rooms.Response.RoomList {
		if err := s.room(client, room); err != nil {
			return err
		}
	}
	return s.account(client)
}

// room asks for what a room holds: its users, series and events.
func (s *settings) room(client *trtc.Client, room *trtc.RoomState) error {
	end := *room.DestroyTime
	if end == 0 {
		end = s.to
	}
	users := trtc.NewDescribeUserInformationRequest()
	users.CommId, users.SdkAppId, users.StartTime, users.EndTime = room.CommId, &s.app, room.CreateTime, &end
	users.PageNumber, users.PageSize = common.StringPtr("0"), common.StringPtr("100")
	found, err := client.DescribeUserInformation(users)
	if err := show("DescribeUserInformation", found, err); err != nil {
		return err
	}
	hourEnd := min(end, *room.CreateTime+3600)
	detail := trtc.NewDescribeCallDetailRequest()
	detail.CommId, detail.SdkAppId, detail.StartTime, detail.EndTime = room.CommId, &s.app, room.CreateTime, &hourEnd
	detail.DataType = common.StringPtrs([]string{"all"})
	detail.PageNumber, detail.PageSize = common.StringPtr("0"), common.StringPtr("6")
	series, err := client.DescribeCallDetail(detail)
	if err := show("DescribeCallDetail", series, err); err != nil {
		return err
	}
	events := trtc.NewDescribeDetailEventRequest()
	events.CommId, events.StartTime, events.EndTime = room.CommId, room.CreateTime, &end
	events.UserId, events.RoomId = room.UserId, room.RoomString
	entries, err := client.DescribeDetailEvent(events)
	return show("DescribeDetailEvent", entries, err)
}

// account asks for what belongs to no one room.
func (s *settings) account(client *trtc.Client) error {
	hourStart := s.to - 3600
	unusual := trtc.NewDescribeAbnormalEventRequest()
	unusual.SdkAppId, unusual.StartTime, unusual.EndTime = &s.app, &hourStart, &s.to
	experiences, err := client.DescribeAbnormalEvent(unusual)
	if err := show("DescribeAbnormalEvent", experiences, err); err != nil {
		return err
	}
	scale := trtc.NewDescribeHistoryScaleRequest()
	scale.SdkAppId, scale.StartTime, scale.EndTime = &s.app, &s.from, &s.to
	days, err := client.DescribeHistoryScale(scale)
	return show("DescribeHistoryScale", days, err)
}

// show prints an answer, or the code of an error that the vendor answered;
// it returns other errors.
func show(action string, response any, err error) error {
	line := map[string]any{"action": action, "response": response}
	if err != nil {
		failure, ok := err.(*errors.TencentCloudSDKError)
		if !ok {
			return fmt.Errorf("%s: %w", action, err)
		}
		line = map[string]any{"action": action, "code": failure.Code}
	}
	if encodeErr := json.NewEncoder(os.Stdout).Encode(line); encodeErr != nil {
		return encodeErr
	}
	return err
}
