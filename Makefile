# callvault: build, demo, test. Needs Go, make and npm; nothing else.

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
GOFLAGS_BUILD = -trimpath -ldflags "-s -w -X main.version=$(VERSION)"

.PHONY: build demo test fuzz bench lint clean

build: ## bin/callvault
	CGO_ENABLED=0 go build $(GOFLAGS_BUILD) -o bin/callvault ./cmd/callvault

demo: build ## a simulated vendor, a real ClickHouse, one archiving pass, a report
	bin/callvault demo

test: build ## everything, against the real ClickHouse
	go vet ./...
	test -z "$$(gofmt -l .)" || { gofmt -l .; exit 1; }
	go test -timeout 10m ./...

FUZZTIME ?= 30s
fuzz: ## each fuzz target for FUZZTIME
	@for p in $$(go list ./...); do \
	  for f in $$(go test -list '^Fuzz' $$p | grep '^Fuzz'); do \
	    go test -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x $$p || exit 1; \
	  done; \
	done

bench: ## benchmarks, with their peers in the same run
	go test -run '^$$' -bench . -benchtime 2s ./...

clean:
	rm -rf bin
