package servertest

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"testing"
)

// Read ends a server and lets the release run statements on its data, once. It returns
// the results as texts.
func (r Release) Read(t testing.TB, s *Server, statements []string) (results []string) {
	t.Helper()
	s.end(t)
	asked, err := json.Marshal(append([]string{"SELECT version()"}, statements...))
	if err != nil {
		t.Fatal(err)
	}
	var out, said bytes.Buffer
	cmd := exec.CommandContext(t.Context(), "python3", "run.py", string(r.How), r.library(t))
	cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = s.Dir, bytes.NewReader(asked), &out, &said
	if err = cmd.Run(); err == nil {
		err = json.Unmarshal(lastLine(out.Bytes()), &results)
	}
	if err != nil || len(results) != len(statements)+1 || results[0] != r.Version {
		t.Fatalf("ClickHouse %s reads %d results of %d, %v: %s", r.Version, len(results), len(statements)+1, err, tail(said.Bytes()))
	}
	return results[1:]
}

func lastLine(text []byte) []byte {
	text = bytes.TrimSpace(text)
	return text[bytes.LastIndexByte(text, '\n')+1:]
}

// tail is the end of what a process has said.
func tail(said []byte) []byte { return said[max(0, len(said)-2000):] }
