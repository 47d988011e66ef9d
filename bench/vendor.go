package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
)

// vendorMarker as the first argument makes this program the vendor.
const vendorMarker = "__vendor"

// vendor is a process of its own, whose processor time is not ours: it serves
// the answers about the calls of one shape from memory.
type vendor struct {
	shape
	url  string
	cmd  *exec.Cmd
	life io.Closer // its standard input: the vendor ends with it
}

func startVendor(s shape) (*vendor, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	v := &vendor{shape: s, cmd: exec.Command(exe, vendorMarker, s.Name, strconv.Itoa(s.Calls), strconv.FormatInt(began.Unix(), 10))}
	v.cmd.Stderr = os.Stderr
	if v.life, err = v.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := v.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := v.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the vendor: %w", err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return nil, fmt.Errorf("start the vendor: %w", err)
	}
	v.url = strings.TrimSpace(line)
	return v, nil
}

func (v *vendor) close() {
	v.life.Close()
	_ = v.cmd.Wait()
}

// runVendor is the vendor's process.
func runVendor(name string, calls int) error {
	h := &answers{shape: shapeNamed(name).of(calls)}
	for i := range h.Bodies {
		h.series = append(h.series, h.body(i).Series())
		h.users = append(h.users, h.body(i).UserList())
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go http.Serve(l, h)
	fmt.Println("http://" + l.Addr().String())
	_, err = io.Copy(io.Discard, os.Stdin) // until whoever started it is gone
	return err
}

// answers is the vendor's API as far as a pass without events needs it, and,
// under /N, the series of a call for whoever does not ask by the API.
type answers struct {
	shape
	series, users [][]byte
}

func (h *answers) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if i, err := strconv.Atoi(strings.Trim(r.URL.Path, "/")); err == nil {
		h.write(w, h.series[i%h.Bodies])
		return
	}
	var ask struct {
		CommId     string
		PageNumber json.RawMessage
	}
	if err := json.NewDecoder(r.Body).Decode(&ask); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	i := h.index(ask.CommId) % h.Bodies
	switch action := r.Header.Get("X-TC-Action"); action {
	case "DescribeRoomInfo":
		page, _ := strconv.Atoi(strings.Trim(string(ask.PageNumber), `"`))
		h.write(w, h.rooms(page))
	case "DescribeUserInfo":
		h.write(w, h.users[i])
	case "DescribeCallDetailInfo":
		h.write(w, h.series[i])
	default:
		http.Error(w, "no answer to "+action, http.StatusNotFound)
	}
}

func (h *answers) write(w http.ResponseWriter, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body)
}

func (h *answers) rooms(page int) []byte {
	const size = 100
	var b strings.Builder
	first, end := min(page*size, h.Calls), min(page*size+size, h.Calls)
	fmt.Fprintf(&b, `{"Response":{"Total":%d,"RoomList":[`, end-first)
	for i := first; i < end; i++ {
		if i > first {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"CommId":%q,"RoomString":"canned","CreateTime":%d,"DestroyTime":%d,"IsFinished":true,"UserId":"host"}`,
			h.commID(i), began.Unix(), began.Unix()+int64(h.Seconds))
	}
	b.WriteString(`],"RequestId":"rooms"}}`)
	return []byte(b.String())
}
