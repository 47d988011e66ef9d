package export

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"
)

// stateFolder is next to the relations' folders and holds all other files.
const stateFolder = ".callvault"

// manifestOf returns the path of a relation's record.
func manifestOf(relation string) string { return path.Join(stateFolder, relation+".jsonl") }

// Done is one file that is whole.
type Done struct {
	File      string    `json:"file"` // in the relation's folder
	Signature string    `json:"signature"`
	Rows      uint64    `json:"rows"`
	Bytes     uint64    `json:"bytes"` // 0: not known yet
	Written   time.Time `json:"written"`
}

// manifest is the record of one relation, by file.
type manifest map[string]Done

func (m manifest) encode() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	for _, d := range m.sorted() {
		if err := enc.Encode(d); err != nil {
			return nil, err
		}
	}
	return b.Bytes(), nil
}

func (m manifest) sorted() []Done {
	all := make([]Done, 0, len(m))
	for _, d := range m {
		all = append(all, d)
	}
	slices.SortFunc(all, func(a, b Done) int { return strings.Compare(a.File, b.File) })
	return all
}

func decodeManifest(relation string, content []byte) (manifest, error) {
	m := manifest{}
	lines := bufio.NewScanner(bytes.NewReader(content))
	for lines.Scan() {
		var d Done
		if err := json.Unmarshal(lines.Bytes(), &d); err != nil {
			return nil, fmt.Errorf("%s is damaged (remove it, and the next export writes everything again): %w", manifestOf(relation), err)
		}
		m[d.File] = d
	}
	return m, lines.Err()
}
