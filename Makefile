# make            bin/panda, a static binary
# make bin/panda-cgo  the same with shared objects as plugins; needs cgo
# make test-so    builds panda-cgo and native/example and runs both
# make check      what a change must pass besides the tests
# make generated  whether what go generate writes is up to date; make check asks too
# make bench      panda against the host, and against qemu if there is one: see emu/bench
# make bench-rooms  the benchmarks of the rooms
# make programs   real programs that take long, natively and under panda
# make i386-root  unpacks i386 programs of this Debian release below I386_ROOT
# make guests     fetches kernels and busybox of this Debian release into GUESTS
# make boots      the kernels of FLAVOURS boot on both engines, which must not differ
# make fuzz       every fuzz target for FUZZTIME each
# make determinism  programs run in many ways, which must not differ
# make replays    programs recorded and replayed in many ways, which must not differ
# make stress     machine code among signals, collections and profiles, for STRESSTIME

FUZZTIME ?= 30s
GUESTS ?= $(HOME)/.cache/panda/guests
I386_ROOT ?= $(HOME)/.cache/panda/i386
STRESSTIME ?= 30m
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOFUMPT = mvdan.cc/gofumpt@v0.12.0

.PHONY: all bin/panda check generated test bench bench-rooms programs i386-root guests boots fuzz determinism replays stress cross

all: bin/panda

bin/panda:
	CGO_ENABLED=0 go build -trimpath -o $@ ./cmd/panda

bin/panda-cgo:
	CGO_ENABLED=1 go build -trimpath -tags so -o $@ ./cmd/panda

test:
	go test ./...

# An out-of-tree build of the example, as its README says, and a run of it.
test-so: bin/panda bin/panda-cgo
	@dir=$$(mktemp -d) && trap 'rm -rf $$dir' EXIT && cp -r native/example $$dir/example && panda=$$PWD && cd $$dir/example && \
	go work init . $$panda && \
	CGO_ENABLED=1 go build -trimpath -buildmode=plugin -o panda_example.so . && \
	$$panda/bin/panda-cgo -panda-plugin ./panda_example.so /bin/true 2>&1 | grep 'example: .* mmap' && \
	PANDA_PLUGIN_DIR=. $$panda/bin/panda-cgo -panda example:n=1 /bin/true 2>&1 | grep -c 'example:' | grep -x 1 && \
	! $$panda/bin/panda -panda-plugin ./panda_example.so /bin/true 2>$$dir/static && \
	grep 'this static binary loads no shared objects' $$dir/static

check: cross generated
	go mod tidy -diff
	@out=$$(go run $(GOFUMPT) -l .); test -z "$$out" || { echo "not gofumpt'ed:"; echo "$$out"; exit 1; }
	go vet ./...
	go vet -tags stress ./emu/jit/...
	go run $(STATICCHECK) ./...
	go test -run 'TestArrows|TestNeutral|TestFamilies' ./emu

# What go generate writes is what stands there.
generated:
	@dir=$$(mktemp -d) && trap 'rm -rf $$dir' EXIT && mkdir $$dir/have $$dir/want && \
	cp emu/interp/zz_*.go $$dir/have && go run ./emu/interp/gen -dir $$dir/want && \
	diff -r $$dir/have $$dir/want || { echo "not up to date: go generate ./emu/interp"; exit 1; }

cross:
	GOOS=linux GOARCH=arm64 CGO_ENABLED=0 go build -o /dev/null ./cmd/panda

bench:
	go run ./emu/bench $(BENCHFLAGS)
	go run ./emu/bench -watch $(BENCHFLAGS)
	go run ./emu/bench -record $(BENCHFLAGS)

bench-rooms:
	go test -run '^$$' -bench . ./...

# The programs below I386_ROOT are tested when they are there.
programs:
	$(if $(wildcard $(I386_ROOT)),PANDA_I386_ROOT=$(I386_ROOT)) go test ./cmd/panda -run 'Program|Slow|I386' -timeout 60m -v -args -slow

i386-root:
	cmd/panda/testdata/i386root.sh $(I386_ROOT)

guests:
	cmd/panda/testdata/guests.sh $(GUESTS) $(FLAVOURS)

boots: FLAVOURS = cloud-amd64 amd64 686 686-pae
boots: guests
	PANDA_GUESTS=$(GUESTS) go test ./cmd/panda -run Boot -timeout 60m -v -args -slow

# Making each input that is of interest small would take most of the time.
fuzz:
	@for p in $$(go list ./...); do \
		for f in $$(go test -list '^Fuzz' $$p | grep '^Fuzz'); do \
			go test -run '^$$' -fuzz "^$$f\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 20x $$p || exit 1; \
		done; \
	done

replays:
	go test ./cmd/panda -run Replay -timeout 60m -v -args -slow
	go test ./emu -run TestCombinations -timeout 60m -v -args -long

determinism:
	go test ./emu -run 'Determinism|Turns|Replay' -timeout 60m -v -args -long

stress:
	go test -tags stress -run '^TestStress$$' -v -timeout 0 ./emu/jit/amd64/enter -args -stress.time $(STRESSTIME)
