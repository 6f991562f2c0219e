# make            bin/panda, a static binary
# make check      what a change must pass besides the tests
# make bench      the benchmarks of the rooms
# make fuzz       every fuzz target for FUZZTIME each
# make stress     machine code among signals, collections and profiles, for STRESSTIME

FUZZTIME ?= 30s
STRESSTIME ?= 30m
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOFUMPT = mvdan.cc/gofumpt@v0.12.0

.PHONY: all bin/panda check test bench fuzz stress cross

all: bin/panda

bin/panda:
	CGO_ENABLED=0 go build -trimpath -o $@ ./cmd/panda

test:
	go test ./...

check: cross
	@out=$$(go run $(GOFUMPT) -l .); test -z "$$out" || { echo "not gofumpt'ed:"; echo "$$out"; exit 1; }
	go vet ./...
	go vet -tags stress ./emu/jit/...
	go run $(STATICCHECK) ./...
	go test -run 'TestArrows' ./emu

cross:
	GOOS=linux GOARCH=arm64 CGO_ENABLED=0 go build -o /dev/null ./cmd/panda

bench:
	go test -run '^$$' -bench . ./...

fuzz:
	@for p in $$(go list ./...); do \
		for f in $$(go test -list '^Fuzz' $$p | grep '^Fuzz'); do \
			go test -run '^$$' -fuzz "^$$f\$$" -fuzztime $(FUZZTIME) $$p || exit 1; \
		done; \
	done

stress:
	go test -tags stress -run '^TestStress$$' -v -timeout 0 ./emu/jit/amd64 -args -stress.time $(STRESSTIME)
