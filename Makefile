# ftphost: build it, run it, test it. `make help` lists the verbs.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := build
.NOTPARALLEL:

VERSION   ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
LDFLAGS   := -s -w -X main.version=$(VERSION)
OFFSET    ?= 2100
DEMO      ?= demo
FUZZTIME  ?= 2s
PLATFORMS := linux/arm64 windows/amd64 darwin/arm64
GOBUILD   := CGO_ENABLED=0 go build -ldflags '$(LDFLAGS)'
STEP       = @printf '\n== %s\n'

# For every go command alike, so that they share what they have compiled.
export GOFLAGS := $(shell go env GOFLAGS) -trimpath

.PHONY: help
help: ## list the verbs
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: build
build: ## build bin/ftphost and bin/appcmd, static, with their version inside (the default)
	$(GOBUILD) -o bin/ ./cmd/ftphost ./cmd/appcmd

.PHONY: build-pam
build-pam: ## build bin/ftphost with PAM, for accounts of this machine; needs a C compiler and libpam0g-dev
	CGO_ENABLED=1 go build -tags pam -ldflags '$(LDFLAGS)' -o bin/ftphost ./cmd/ftphost

.PHONY: run
run: build ## build, create ./demo when it is not there, and serve it (port 21 is 2121)
	@test -e $(DEMO)/applicationHost.config || bin/ftphost init ./$(DEMO)
	bin/ftphost serve --home ./$(DEMO) --port-offset $(OFFSET)

.PHONY: test
test: packages vet format staticcheck race integration fuzz cross generated ## everything CI runs

.PHONY: race
race: ## all Go tests, shuffled, with the race detector
	$(STEP) 'go test -race'
	CGO_ENABLED=1 go test -race -shuffle=on -timeout 8m ./...
	case $$(go env GOOS) in linux) CGO_ENABLED=1 go vet -tags pam ./pkg/auth/pam; CGO_ENABLED=1 go test -race -tags pam ./pkg/auth/pam ;; esac

.PHONY: integration
integration: build ## the built binary under curl, lftp, tnftp, openssl and five languages' libraries
	$(STEP) 'integration tests'
	FTPHOST_BIN=$(CURDIR)/bin/ftphost go test -tags integration -count=1 -shuffle=on -timeout 8m ./integration/...

.PHONY: fuzz
fuzz: ## every fuzz target for FUZZTIME (2s) each, starting from the committed corpus
	$(STEP) 'fuzz targets, $(FUZZTIME) each'
	tools/fuzz.sh $(FUZZTIME) each

.PHONY: lint
lint: vet format staticcheck bin/tools/golangci-lint ## vet, gofumpt, staticcheck and golangci-lint
	$(STEP) 'golangci-lint'
	bin/tools/golangci-lint run --build-tags integration ./...

.PHONY: generate
generate: ## write the generated files again (XSD, reference page)
	go generate ./...

.PHONY: bench
bench: ## all Go benchmarks, then ftphost beside other servers (BENCHFLAGS='-help' lists options)
	go test -run '^$$' -bench . -benchmem ./...
	$(STEP) 'ftphost and its peers'
	go build -o bin/bench/bench ./bench
	bin/bench/bench $(BENCHFLAGS)

.PHONY: dist
dist: bin/tools/nfpm ## archives for each platform, packages for Debian and RPM, and their checksums, in dist/
	rm -rf dist
	for p in linux/amd64 $(PLATFORMS); do tools/dist.sh "$$p" '$(VERSION)' '$(LDFLAGS)'; done
	rm -r dist/manual
	cd dist && sha256sum ftphost* > SHA256SUMS

.PHONY: dist-test
dist-test: bin/tools/nfpm build ## the packages on a clean Debian, with systemd; as root, downloads that Debian once
	tools/dist-test.sh '$(LDFLAGS)'

# The parts of `make test` and `make lint` that are no verbs of their own.

.PHONY: packages
packages:
	$(STEP) 'Debian packages the tests use'
	tools/packages.sh

.PHONY: vet
vet:
	$(STEP) 'go vet'
	go vet -tags integration ./...

.PHONY: format
format: bin/tools/gofumpt
	$(STEP) 'gofumpt'
	@bad=$$(bin/tools/gofumpt -l .); test -z "$$bad" || { echo "not formatted, run bin/tools/gofumpt -w on:"; echo "$$bad"; exit 1; }

.PHONY: staticcheck
staticcheck: bin/tools/staticcheck
	$(STEP) 'staticcheck'
	bin/tools/staticcheck -tags integration ./...

.PHONY: cross
cross:
	$(STEP) 'other platforms: $(PLATFORMS)'
	for p in windows/amd64 darwin/arm64; do GOOS=$${p%/*} GOARCH=$${p#*/} CGO_ENABLED=0 go vet ./...; done
	for p in $(PLATFORMS); do GOOS=$${p%/*} GOARCH=$${p#*/} $(GOBUILD) -o bin/$$p/ ./cmd/ftphost ./cmd/appcmd; done

.PHONY: generated
generated:
	$(STEP) 'generated files are up to date'
	tools/generated.sh

# The linters and the packager are pinned by tools/go.mod, a module of its own.
bin/tools/gofumpt: PKG := mvdan.cc/gofumpt
bin/tools/staticcheck: PKG := honnef.co/go/tools/cmd/staticcheck
bin/tools/golangci-lint: PKG := github.com/golangci/golangci-lint/v2/cmd/golangci-lint
bin/tools/nfpm: PKG := github.com/goreleaser/nfpm/v2/cmd/nfpm
bin/tools/%: tools/go.mod tools/go.sum
	CGO_ENABLED=0 go -C tools build -o ../$@ $(PKG)
