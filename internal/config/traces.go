package config

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// Traces has OpenTelemetry's standard variables that turn traces on, and those whose
// errors its SDK would only log. The SDK reads all of its variables from the
// environment itself, so the file cannot set them. Only the headers are given to it, since
// they may be in files of their own.
type Traces struct {
	Endpoint       string `env:"OTEL_EXPORTER_OTLP_ENDPOINT" use:"the URL of a collector, such as http://127.0.0.1:4318"`
	TracesEndpoint string `env:"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT" use:"the URL of a collector, such as http://127.0.0.1:4318/v1/traces"`
	Headers        Secret `env:"OTEL_EXPORTER_OTLP_HEADERS" use:"name=value,name=value"`
	TracesHeaders  Secret `env:"OTEL_EXPORTER_OTLP_TRACES_HEADERS" use:"name=value,name=value"`
	Protocol       string `env:"OTEL_EXPORTER_OTLP_PROTOCOL" use:"http/protobuf or http/json"`
	TracesProtocol string `env:"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL" use:"http/protobuf or http/json"`
	Sampler        string `env:"OTEL_TRACES_SAMPLER" use:"a sampler such as traceidratio"`
	SamplerArg     string `env:"OTEL_TRACES_SAMPLER_ARG" use:"a number from 0 to 1, such as 0.1"`
	Exporter       string `env:"OTEL_TRACES_EXPORTER" use:"otlp or none"`
	Disabled       string `env:"OTEL_SDK_DISABLED" use:"true or false"`
}

// On reports whether runs are traced.
func (t Traces) On() bool {
	return (t.Endpoint != "" || t.TracesEndpoint != "") && t.Exporter != "none" && !strings.EqualFold(t.Disabled, "true")
}

// Sent are the headers that a collector asks for, from variables or files.
func (t Traces) Sent() map[string]string {
	all := map[string]string{}
	for header := range strings.SplitSeq(cmp.Or(t.TracesHeaders, t.Headers).Reveal(), ",") {
		key, value, ok := strings.Cut(header, "=")
		if text, err := url.PathUnescape(value); ok && err == nil {
			all[strings.TrimSpace(key)] = strings.TrimSpace(text)
		}
	}
	return all
}

func (t Traces) validate(say func(setting, problem, try string)) {
	if !t.On() {
		return
	}
	for _, s := range settingsOf(&t) {
		if problem := flaw(s.value.String()); problem != "" {
			say(s.variable, problem, "use "+s.use)
			return
		}
	}
	if t.Exporter != "" && t.Exporter != "otlp" {
		say("OTEL_TRACES_EXPORTER", fmt.Sprintf("%q is unknown", short(t.Exporter)), "use otlp, or none for no traces")
	}
	validCollector(say, "OTEL_EXPORTER_OTLP_ENDPOINT", t.Endpoint)
	validCollector(say, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", t.TracesEndpoint)
	validHeaders(say, "OTEL_EXPORTER_OTLP_HEADERS", t.Headers)
	validHeaders(say, "OTEL_EXPORTER_OTLP_TRACES_HEADERS", t.TracesHeaders)
	protocol, name := t.Protocol, "OTEL_EXPORTER_OTLP_PROTOCOL"
	if t.TracesProtocol != "" {
		protocol, name = t.TracesProtocol, "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"
	}
	if !slices.Contains([]string{"", "http/protobuf", "http/json"}, protocol) {
		say(name, fmt.Sprintf("%q is not supported", short(protocol)), "use http/protobuf and the collector's port for it, mostly 4318, or OTEL_TRACES_EXPORTER=none for no traces")
	}
	t.validateSampler(say)
}

func validCollector(say func(setting, problem, try string), name, address string) {
	u, err := url.Parse(address)
	switch {
	case address == "":
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		say(name, "is not a URL", "use the URL of a collector, such as http://127.0.0.1:4318")
	case u.User != nil || u.RawQuery != "":
		say(name, "contains a user, a password or parameters", "leave them out; secrets go into OTEL_EXPORTER_OTLP_HEADERS")
	}
}

// validHeaders fails if the exporter cannot read the headers. It does not quote them:
// they are secrets.
func validHeaders(say func(setting, problem, try string), name string, list Secret) {
	if list == "" {
		return
	}
	for header := range strings.SplitSeq(list.Reveal(), ",") {
		key, value, ok := strings.Cut(header, "=")
		text, err := url.PathUnescape(value)
		if !ok || err != nil || !httpguts.ValidHeaderFieldName(strings.TrimSpace(key)) || !httpguts.ValidHeaderFieldValue(text) {
			say(name, "is not a list of headers", "use name=value,name=value with special characters of the values as %XX")
			return
		}
	}
}

// samplers lists the samplers of the SDK.
const samplers = "always_on, always_off, traceidratio, parentbased_always_on, parentbased_always_off, parentbased_traceidratio"

func (t Traces) validateSampler(say func(setting, problem, try string)) {
	sampler := strings.ToLower(strings.TrimSpace(t.Sampler))
	if sampler != "" && !slices.Contains(strings.Split(samplers, ", "), sampler) {
		say("OTEL_TRACES_SAMPLER", fmt.Sprintf("%q is unknown", short(t.Sampler)), "use "+samplers)
	}
	if !strings.HasSuffix(sampler, "traceidratio") || t.SamplerArg == "" {
		return
	}
	if v, err := strconv.ParseFloat(strings.TrimSpace(t.SamplerArg), 64); err != nil || !(v >= 0 && v <= 1) {
		say("OTEL_TRACES_SAMPLER_ARG", fmt.Sprintf("%q is not a ratio", short(t.SamplerArg)), "use a number from 0 to 1, such as 0.1")
	}
}
