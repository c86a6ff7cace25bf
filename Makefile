# Ringfence. `make run` and `make test` are all one has to know; `make help`
# lists the rest. Both install what they need: npm packages from the lock file,
# Go modules from go.sum, and for the tests Debian's browsers through apt.

SHELL       := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS  += --no-print-directory

TOOL := go tool -modfile=internal/tools/go.mod
WEB  := web/dist/index.html
# nginx lies here where the system has none (scripts/deps.sh).
export PATH := $(CURDIR)/tmp/tools/usr/sbin:$(PATH):/usr/sbin:/sbin

.PHONY: help
help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

## ---- run and build

.PHONY: run
run: build ## build everything and serve it; data in ./ringfence-data
	exec bin/ringfence serve --data ./ringfence-data --keys ./ringfence-keys $(ARGS)

.PHONY: build
build: web ## bin/ringfence: static, the client inside
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o bin/ringfence ./cmd/ringfence

.PHONY: cross
cross: web ## the program for arm64 and 32-bit arm, whose int is short
	GOARCH=arm GOARM=7 go vet ./...
	CGO_ENABLED=0 GOARCH=arm64 go build -trimpath -ldflags '-s -w' -o bin/ringfence-linux-arm64 ./cmd/ringfence
	CGO_ENABLED=0 GOARCH=arm GOARM=7 go build -trimpath -ldflags '-s -w' -o bin/ringfence-linux-arm ./cmd/ringfence

.PHONY: web
web: $(WEB) ## the browser client, into web/dist

# The stamp is what npm itself writes, so a changed lock file installs again.
web/node_modules/.package-lock.json: web/package.json web/package-lock.json
	cd web && npm ci --no-audit --no-fund --ignore-scripts --loglevel=error
	touch $@

$(WEB): web/node_modules/.package-lock.json $(shell find web/src web/sdk web/public web/index.html web/build web/workers.ts web/vite.config.ts web/tsconfig.json web/tsconfig.base.json -type f -not -path '*/node_modules/*' 2>/dev/null)
	cd web && npm run --silent build
	touch $@

## ---- checks

.PHONY: test
test: ## every correctness check there is, browsers included
	scripts/deps.sh
	$(MAKE) format-check gen-check vet lint
	$(MAKE) web-test
	$(MAKE) build cross
	$(MAKE) go-test
	$(MAKE) e2e
	@echo "all checks passed"

.PHONY: deps
deps: ## what the tests need beside Go, Node and npm; it installs no service
	scripts/deps.sh

.PHONY: quick
quick: ## what one runs every minute: vet and the Go tests that are short
	go vet ./...
	go test -short ./...

.PHONY: format format-check
format: ## gofumpt over everything
	$(TOOL) gofumpt -w cmd friends internal relay signal store web
format-check:
	@out=$$($(TOOL) gofumpt -l cmd friends internal relay signal store web); \
	  test -z "$$out" || { echo "not formatted (make format):"; echo "$$out"; exit 1; }

.PHONY: lint
lint: $(WEB) ## golangci-lint and ESLint
	$(TOOL) golangci-lint run ./...
	cd web && npm run --silent lint

.PHONY: vet
vet: $(WEB)
	go vet ./...
	go mod verify
	go mod tidy -diff

.PHONY: gen gen-check
gen: ## write every generated file anew
	go run ./internal/gen
gen-check: ## fail where a generated file is stale
	go test -count=1 -run TestGeneratedFilesAreFresh ./internal/gen

.PHONY: go-test
go-test: $(WEB) ## Go tests with the race detector, ten seconds of fuzzing a decoder
	go test -race -shuffle=on -timeout 20m ./...
	RINGFENCE_TEST_SHARDS=off go test -race -shuffle=on -timeout 20m ./relay ./relay/conformance
	scripts/fuzz.sh 10s

.PHONY: web-test
web-test: $(WEB) ## types and unit tests of the client and the SDK
	cd web && npm run --silent check && npm run --silent test

.PHONY: e2e
e2e: build ## real calls between real browsers
	cd web && RINGFENCE_BIN=$(CURDIR)/bin/ringfence npm run --silent e2e

.PHONY: test-long
test-long: test ## soaks, 200 kills, long fuzzing, sabotage
	RINGFENCE_LONG=1 go test -timeout 60m ./...
	scripts/fuzz.sh 2m
	$(MAKE) sabotage

.PHONY: sabotage
sabotage: $(WEB) ## break each promise in turn: its test must go red
	go run ./internal/sabotage

.PHONY: fuzz
fuzz: ## long fuzzing of every decoder; T=10m
	scripts/fuzz.sh $(or $(T),10m)

## ---- measurements: not part of the tests

.PHONY: bench bench-calls bench-moves bench-restart bench-client bench-relay bench-signal pictures
bench: ## Go benchmarks, beside a rival or a floor
	go test -run '^$$' -bench . -benchmem ./...
bench-calls: build ## call set-up in real browsers, written to docs/bench-calls.md
	cd web && RINGFENCE_BIN=$(CURDIR)/bin/ringfence npm run --silent bench-calls
bench-moves: build ## a device between two networks in mid-call, written to docs/bench-calls.md
	cd web && RINGFENCE_BIN=$(CURDIR)/bin/ringfence npm run --silent bench-moves
bench-restart: build ## the server starts anew in mid-call, written to docs/bench-calls.md
	cd web && RINGFENCE_BIN=$(CURDIR)/bin/ringfence npm run --silent bench-restart
bench-client: build ## what the client costs a person, written to docs/bench-client.md
	cd web && RINGFENCE_BIN=$(CURDIR)/bin/ringfence npm run --silent bench-client
bench-relay: ## the relay beside coturn and pion, on a quiet machine, into docs/bench-relay.md; fails where a bound is missed
	scripts/bench-relay.sh $(ARGS)
bench-signal: build ## the hub beside centrifuge, PeerJS and its floor, on a quiet machine, into docs/bench-signal.md; fails where a bound is missed
	scripts/bench-signal.sh $(ARGS)

pictures: build ## every screen in both browsers, into docs/pictures
	cd web && RINGFENCE_BIN=$(CURDIR)/bin/ringfence npm run --silent pictures

.PHONY: cover licenses clean
cover: ## test coverage by package
	go test -cover ./...
licenses: $(WEB) ## what ships, and under which licence
	go test -run TestLicences -v ./internal/archtest
clean: ## remove what was built; data and keys stay
	rm -rf bin web/dist/assets web/dist/index.html web/dist/index.html.gz
