package simulator

import (
	"bytes"
	"encoding/json"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestLongVendorClientOf2021 asks through the vendor's own typed client, which is
// in a module of its own, and holds what it understood against the truth.
func TestLongVendorClientOf2021(t *testing.T) {
	goTool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("the go tool is not in PATH")
	}
	program := filepath.Join(t.TempDir(), "sdk2021")
	build := exec.Command(goTool, "build", "-o", program, ".")
	build.Dir = "sdk2021"
	build.Env = append(os.Environ(), "GOWORK=off")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build sdk2021: %v\n%s", err, out)
	}
	now := time.Now()
	s, err := New(Options{Seed: 3, Calls: 8, QPS: -1, Token: "session", Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s)
	defer server.Close()
	for _, how := range [][2]string{
		{"TC3-HMAC-SHA256", "POST"}, {"TC3-HMAC-SHA256", "GET"}, {"HmacSHA1", "GET"}, {"HmacSHA1", "POST"}, {"HmacSHA256", "POST"},
	} {
		t.Run(how[0]+" "+how[1], func(t *testing.T) {
			out := runSDK(t, program,
				"-endpoint", strings.TrimPrefix(server.URL, "http://"), "-id", s.SecretID(), "-key", s.SecretKey(), "-token", s.Token(),
				"-sign", how[0], "-method", how[1],
				"-from", strconv.FormatInt(now.Unix()-14*86400, 10), "-to", strconv.FormatInt(now.Unix(), 10))
			checkSDK(t, out, s.Truth(now).Legacy())
		})
	}
}

func runSDK(t *testing.T, program string, args ...string) []byte {
	t.Helper()
	var out, problems bytes.Buffer
	command := exec.Command(program, args...)
	command.Stdout, command.Stderr = &out, &problems
	if err := command.Run(); err != nil {
		t.Fatalf("run sdk2021: %v\n%s%s", err, out.Bytes(), problems.Bytes())
	}
	return out.Bytes()
}

// checkSDK counts what the client saw against the truth: all rows of most
// relations, and the samples of the first hour of each call.
func checkSDK(t *testing.T, out []byte, truth *Truth) {
	t.Helper()
	rooms, sessions, days := 0, 0, 0
	sampled, want := map[string]int{}, map[string]int{}
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var line struct {
			Action   string
			Response struct{ Response object }
		}
		if decoder.Decode(&line) != nil {
			break
		}
		answer := line.Response.Response
		rooms += len(rows(answer["RoomList"]))
		if line.Action == "DescribeUserInformation" {
			sessions += len(rows(answer["UserList"]))
		}
		for _, series := range rows(answer["Data"]) {
			if line.Action == "DescribeCallDetail" {
				sampled[str(series["UserId"])+"/"+str(series["PeerId"])+"/"+str(series["DataType"])] += len(rows(series["Content"]))
			}
		}
		days += len(rows(answer["ScaleList"]))
	}
	firstHour := map[string]int64{}
	for room := range truth.Rooms() {
		rooms--
		firstHour[room.CommID] = room.CreatedAt + 3600
	}
	for range truth.UserSessions() {
		sessions--
	}
	for range truth.DailyScale() {
		days--
	}
	for sample := range truth.QualitySamples() {
		if sample.TS <= firstHour[sample.CommID] {
			want[sample.UserID+"/"+sample.PeerID+"/"+sample.Metric]++
		}
	}
	if rooms != 0 || sessions != 0 || days != 0 || len(want) == 0 {
		t.Errorf("the client saw %+d rooms, %+d sessions, %+d days", rooms, sessions, days)
	}
	for key, n := range want {
		if sampled[key] != n {
			t.Errorf("the client saw %d samples of %s, truth has %d", sampled[key], key, n)
		}
	}
}
