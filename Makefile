# Lectern. `make` lists the targets.
export CGO_ENABLED := 0
# One set of flags for build, test and lint, so that they share the build cache.
export GOFLAGS := -trimpath $(filter-out -trimpath,$(GOFLAGS))

FUZZTIME ?= 1m
BENCH ?= .
GO_DIRS := bench cmd internal ui
TOOLS := bin/tools

.PHONY: help run test check tidy build package package-test deps fmt lint vet staticcheck golangci generate bench fuzz race clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: build ## build, start the demo and print its links
	bin/lectern demo

test: ## everything CI runs; every part runs even if one before it fails
	@scripts/test

check: lint tidy ## format, vet, linters, generated code
tidy:
	@scripts/check

build: ## bin/lectern and bin/fakelms
	@scripts/fetch-ui
	@scripts/fetch-python
	go build -o bin/lectern ./cmd/lectern
	go build -o bin/fakelms ./cmd/fakelms

package: build $(TOOLS)/nfpm ## bin/lectern_*.deb, a Debian package
	@scripts/package
package-test: $(TOOLS)/nfpm
	@scripts/package-test

deps: ## fetch or install what the tests need
	@scripts/deps

fmt: ## gofmt all Go files
	gofmt -w $(GO_DIRS)

lint: vet staticcheck golangci ## go vet, staticcheck, golangci-lint
vet:
	go vet ./...
staticcheck: $(TOOLS)/staticcheck
	$(TOOLS)/staticcheck ./...
golangci: $(TOOLS)/golangci-lint
	$(TOOLS)/golangci-lint run

generate: $(TOOLS)/sqlc ## queries to Go code (sqlc)
	scripts/generate

bench: $(TOOLS)/benchstat ## run the benchmarks and compare with the run before
	@scripts/bench '$(BENCH)'

fuzz: ## run each fuzz test for FUZZTIME (1m)
	@scripts/fuzz $(FUZZTIME)

race: ## the Go tests under the race detector (needs a C compiler)
	CGO_ENABLED=1 go test -race ./...

clean: ## remove what was built and fetched
	rm -rf bin e2e/artifacts e2e/node_modules ui/node_modules ui/vendor/mathjax ui/vendor/fonts ui/vendor/.stamp
	rm -rf internal/problem/pyrun/wasm/node_modules internal/problem/pyrun/wasm/dist/python.wasm.gz
	rm -f internal/problem/pyrun/wasm/dist/LICENSE internal/problem/pyrun/wasm/dist/.stamp

# A tool is a module of its own under tools/, pinned there, and rebuilt when its
# versions change.
$(TOOLS)/%: tools/%/go.mod tools/%/go.sum
	@mkdir -p $(TOOLS)
	cd tools/$* && go build -o ../../$@ tool
