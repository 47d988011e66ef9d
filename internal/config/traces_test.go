package config_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/callvault/callvault/internal/config"
)

func TestTracesAreOff(t *testing.T) {
	for _, environ := range [][]string{
		nil,
		{"OTEL_EXPORTER_OTLP_ENDPOINT="},
		{"OTEL_EXPORTER_OTLP_HEADERS=no list", "OTEL_TRACES_SAMPLER=whatever"}, // set for another program
		{"OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4318", "OTEL_TRACES_EXPORTER=none"},
		{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://collector:4318/v1/traces", "OTEL_SDK_DISABLED=True"},
	} {
		c, err := config.Load("", environ)
		if err != nil || c.Traces.On() {
			t.Errorf("%v: on %v, %v", environ, c.Traces.On(), err)
		}
	}
}

func TestTracesAreOn(t *testing.T) {
	c, err := config.Load("", []string{
		"OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4318", "OTEL_EXPORTER_OTLP_HEADERS=api-key=secret%20one, x=y=z",
		"OTEL_TRACES_SAMPLER=parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG=0.1",
		"OTEL_EXPORTER_OTLP_PROTOCOL=grpc", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=http/protobuf",
	})
	if err != nil || !c.Traces.On() {
		t.Fatalf("on %v, %v", c.Traces.On(), err)
	}
	if s := fmt.Sprintf("%v %+v %#v", c, c, c); strings.Contains(s, "secret") {
		t.Errorf("the headers show: %s", s)
	}
}

func TestWrongTraces(t *testing.T) {
	for _, c := range []struct{ env, want string }{
		{"OTEL_EXPORTER_OTLP_ENDPOINT=collector:4318", "OTEL_EXPORTER_OTLP_ENDPOINT: is not a URL; use the URL of a collector, such as http://127.0.0.1:4318"},
		{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://me:secret@collector", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: contains a user, a password or parameters; leave them out; secrets go into OTEL_EXPORTER_OTLP_HEADERS"},
		{"OTEL_EXPORTER_OTLP_HEADERS=Bearer secret", "OTEL_EXPORTER_OTLP_HEADERS: is not a list of headers; use name=value,name=value with special characters of the values as %XX"},
		{"OTEL_EXPORTER_OTLP_TRACES_HEADERS=a=secret%0A", "OTEL_EXPORTER_OTLP_TRACES_HEADERS: is not a list of headers; use name=value,name=value with special characters of the values as %XX"},
		{"OTEL_EXPORTER_OTLP_PROTOCOL=grpc", `OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" is not supported; use http/protobuf and the collector's port for it, mostly 4318, or OTEL_TRACES_EXPORTER=none for no traces`},
		{"OTEL_TRACES_EXPORTER=zipkin", `OTEL_TRACES_EXPORTER: "zipkin" is unknown; use otlp, or none for no traces`},
		{"OTEL_TRACES_SAMPLER=some", `OTEL_TRACES_SAMPLER: "some" is unknown; use always_on, always_off, traceidratio, parentbased_always_on, parentbased_always_off, parentbased_traceidratio`},
	} {
		environ := []string{c.env}
		if !strings.Contains(c.env, "ENDPOINT") {
			environ = append(environ, "OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4318")
		}
		if _, err := config.Load("", environ); err == nil || err.Error() != c.want {
			t.Errorf("%s\n got %v\nwant %s", c.env, err, c.want)
		}
	}
	_, err := config.Load("", []string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4318", "OTEL_TRACES_SAMPLER=traceidratio", "OTEL_TRACES_SAMPLER_ARG=10%"})
	if err == nil || err.Error() != `OTEL_TRACES_SAMPLER_ARG: "10%" is not a ratio; use a number from 0 to 1, such as 0.1` {
		t.Error(err)
	}
}
