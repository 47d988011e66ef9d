package quality

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/callvault/callvault/migrations"
)

// metricNames and causeNames are the names of the constants, in small letters.
var (
	metricNames = map[Metric]string{
		NoMetric: "", AudioLossUp: "audio_loss_up", VideoLossUp: "video_loss_up", AudioLossDown: "audio_loss_down", VideoLossDown: "video_loss_down",
		AudioStall: "audio_stall", VideoStall: "video_stall", RTT: "rtt", SysCPU: "sys_cpu", VideoFPSUp: "video_fps_up", VideoFPSDown: "video_fps_down",
	}
	causeNames = map[Cause]string{
		NoCause: "", Unknown: "unknown", Camera: "camera", Encoder: "encoder", Uplink: "uplink", Downlink: "downlink", Latency: "latency", Device: "device",
		PeerCamera: "peer_camera", PeerEncoder: "peer_encoder", PeerUplink: "peer_uplink", PeerLatency: "peer_latency", Peer: "peer",
	}
)

// TestEnums holds the numbers of causes and metrics against the schema's.
func TestEnums(t *testing.T) {
	text, err := migrations.FS.ReadFile("0001_schema.up.sql")
	if err != nil {
		t.Fatal(err)
	}
	schema := string(text)
	var metrics, causes []string
	for m := range Metric(len(metricNames)) {
		metrics = append(metrics, fmt.Sprintf("'%s' = %d", metricNames[m], m))
	}
	for c := range Cause(len(causeNames)) {
		causes = append(causes, fmt.Sprintf("'%s' = %d", causeNames[c], c))
	}
	enums := map[string]bool{}
	for _, m := range regexp.MustCompile(`Enum8\(('' = 0, [^)]*)\)`).FindAllStringSubmatch(schema, -1) {
		enums[m[1]] = true
	}
	for _, want := range []string{strings.Join(metrics, ", "), strings.Join(causes, ", ")} {
		if !enums[want] {
			t.Errorf("the schema has no Enum8(%s)", want)
		}
	}
	if len(enums) != 2 {
		t.Errorf("the schema has the enums %v", enums)
	}
	// The views turn numbers into names, too.
	var names []string
	for c := Unknown; int(c) < len(causeNames); c++ {
		names = append(names, "'"+causeNames[c]+"'")
	}
	if list := fmt.Sprintf("range(1, %d), [%s]", len(causeNames), strings.Join(names, ", ")); !strings.Contains(schema, list) {
		t.Errorf("the views do not have %s", list)
	}
}
