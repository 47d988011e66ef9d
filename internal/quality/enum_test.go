package quality

import (
	"fmt"
	"strings"
	"testing"

	"github.com/callvault/callvault/migrations"
)

// metricNames and causeNames are the names of the constants in the views.
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

// TestNumbers compares the numbers of causes and metrics with the views.
func TestNumbers(t *testing.T) {
	text, err := migrations.FS.ReadFile("0001_schema.up.sql")
	if err != nil {
		t.Fatal(err)
	}
	var metrics, causes []string
	for m := AudioLossUp; int(m) < len(metricNames); m++ {
		metrics = append(metrics, "'"+metricNames[m]+"'")
	}
	for c := Unknown; int(c) < len(causeNames); c++ {
		causes = append(causes, "'"+causeNames[c]+"'")
	}
	for _, names := range [][]string{metrics, causes} {
		if list := fmt.Sprintf("range(1, %d), [%s]", len(names)+1, strings.Join(names, ", ")); !strings.Contains(string(text), list) {
			t.Errorf("the views do not have %s", list)
		}
	}
}
