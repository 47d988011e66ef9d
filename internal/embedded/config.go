package embedded

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"text/template"

	"github.com/callvault/callvault/internal/sqltext"
)

//go:embed config.xml.tmpl
var configTemplate string

//go:embed users.xml.tmpl
var usersTemplate string

// configuration is the data of the templates.
type configuration struct {
	Dir             string
	Password        string
	AnalystPassword string
	AnalystGrant    string
}

// writeConfig writes config.xml and users.xml. The caller must hold the lock of the data
// directory, because a running engine reads users.xml again.
func writeConfig(o Options, c credentials) error {
	data := configuration{
		Dir:             o.Path,
		Password:        c.Password,
		AnalystPassword: c.AnalystPassword,
		AnalystGrant:    "GRANT SELECT, SHOW, dictGet ON " + sqltext.Identifier(o.Database) + ".*",
	}
	for name, text := range map[string]string{"config.xml": configTemplate, "users.xml": usersTemplate} {
		content, err := render(name, text, data)
		if err != nil {
			return err
		}
		if err := writePrivate(filepath.Join(o.Path, name), content); err != nil {
			return err
		}
	}
	return nil
}

func render(name, text string, data configuration) ([]byte, error) {
	funcs := template.FuncMap{"x": escapeXML, "sha256": sha256Hex}
	t, err := template.New(name).Funcs(funcs).Parse(text)
	if err != nil {
		return nil, fmt.Errorf("read the template of %s: %w", name, err)
	}
	var out bytes.Buffer
	if err := t.Execute(&out, data); err != nil {
		return nil, fmt.Errorf("write %s: %w", name, err)
	}
	return out.Bytes(), nil
}

func escapeXML(s string) (string, error) {
	var b strings.Builder
	err := xml.EscapeText(&b, []byte(s))
	return b.String(), err
}

func sha256Hex(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// arguments returns the arguments of clickhouse-local. With --interactive and a terminal
// as standard input, the process survives wrong passwords and junk on its ports, and the
// waiting prompt keeps it alive.
func arguments(o Options) []string {
	return []string{
		"--path=" + dataPath(o.Path),
		"--config-file=" + filepath.Join(o.Path, "config.xml"),
		"--tcp_port=" + strconv.Itoa(o.TCPPort),
		"--http_port=" + strconv.Itoa(o.HTTPPort),
		"--listen_host=" + loopback,
		"--multiquery", "--interactive", "--disable_suggestion", "--progress=off", "--highlight=0",
		"--history_file=/dev/null",
		"--query=" + strings.Join(startupStatements(o.Path), "; ") + ";",
	}
}

// startupStatements opens the listeners and then writes their ports to a file. So the
// file says that both are open. The first two statements use up the quota that users.xml
// gives to the engine's own user.
func startupStatements(dir string) []string {
	return []string{
		"SYSTEM START LISTEN TCP",
		"SYSTEM START LISTEN HTTP",
		"SELECT getServerPort('tcp_port') AS tcp_port, getServerPort('http_port') AS http_port INTO OUTFILE " +
			sqltext.Literal(portsPath(dir)) + " TRUNCATE FORMAT JSONEachRow",
	}
}

func dataPath(dir string) string  { return filepath.Join(dir, "data") }
func portsPath(dir string) string { return filepath.Join(dir, "ports.json") }
