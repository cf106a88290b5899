# make run · make test · make attack · make fuzz · make faults · make bench · make rehearse · make networks · make types: each does all of its own set-up.

CARGO ?= cargo
NPM   ?= npm
CLIENT_SOURCES := $(shell find client-web -path client-web/node_modules -prune -o -path client-web/dist -prune -o -type f -print 2>/dev/null)

.PHONY: run test attack fuzz faults bench rehearse networks types shots audit sbom
.DELETE_ON_ERROR:

# Builds client and server and starts the server, which prints a one-time link for the first teacher.
run: client-web/dist/index.html
	$(CARGO) build --release -p preau
	target/release/preau $(ARGS)

# Everything, and one line of counts at the end. Keeps going when something fails, and fails then.
test:
	@tests/run.sh

# Every attack of the door against the real server, alone and again while a class runs: one table, and
# target/figures.json. One row alone: make attack ARGS="--only smuggling"
attack: client-web/dist/index.html
	$(CARGO) build --release -p preau
	$(CARGO) build --workspace --bin preau-attacks
	tests/system.sh
	PREAU_BIN=$${CARGO_TARGET_DIR:-target}/release/preau tests/browser/netns.sh $${CARGO_TARGET_DIR:-target}/debug/preau-attacks $(ARGS)

# Every fuzz target for SECONDS; what they find stays in target/fuzz-findings. One alone: tests/fuzz/run.sh 600 demux
SECONDS ?= 600
fuzz:
	tests/system.sh
	tests/fuzz/run.sh $(SECONDS)

# A class under kills, full disks, torn writes and floods, at full length; `make test` tells a part of it.
faults: client-web/dist/index.html
	$(CARGO) build --workspace --all-targets
	tests/system.sh
	PREAU_BIN=$${CARGO_TARGET_DIR:-$$PWD/target}/debug/preau FAULTS_AT_LENGTH=1 $(CARGO) test --workspace --test faults

# Measures what the README promises, prints the machine, and writes target/figures.json. One part alone: make bench PARTS=relay
bench: client-web/dist/index.html tests/browser/node_modules/.package-lock.json
	$(CARGO) build --release -p preau -p preau-loadtest
	$(CARGO) build --release --locked --manifest-path tests/bench/peers/Cargo.toml --target-dir $${CARGO_TARGET_DIR:-target}/peers
	tests/system.sh
	node tests/bench/bench.mjs $(PARTS)

# A scenario with real media against a fresh server, held against a budget: target/rehearsal.html. Another one:
# make rehearse SCENARIO=morning BUDGET=door
SCENARIO ?= class
BUDGET ?= class
rehearse: client-web/dist/index.html
	$(CARGO) build --release -p preau -p preau-loadtest
	node tests/bench/rehearse.mjs $(SCENARIO) --budget loadtest/budgets/$(BUDGET).toml

# A class on links as people have them at home, with real browsers; graphs of every story in target/networks.
networks: client-web/dist/index.html tests/browser/node_modules/.package-lock.json
	$(CARGO) build --workspace
	tests/system.sh
	tests/browser/netns.sh node --test --test-concurrency=1 tests/networks/networks.test.mjs

# The TypeScript types and the golden samples, from the protocol crate.
types:
	PREAU_WRITE=1 $(CARGO) test -p preau-protocol

# Pictures of every page and state, for looking at: target/shots.
shots: client-web/dist/index.html tests/browser/node_modules/.package-lock.json
	$(CARGO) build -p preau
	tests/system.sh
	tests/browser/netns.sh node tests/browser/shots.mjs

# What is known against everything this stands on; needs a network, and some minutes for its tools the first time.
audit:
	deploy/audit.sh

# What the binary is made of, for whoever has to know: target/preau.cdx.json (CycloneDX).
sbom:
	@mkdir -p target
	node deploy/sbom.mjs > target/preau.cdx.json

client-web/node_modules/.package-lock.json: client-web/package-lock.json
	$(NPM) ci --no-audit --no-fund --prefix client-web
	@touch $@

tests/browser/node_modules/.package-lock.json: tests/browser/package-lock.json
	$(NPM) ci --no-audit --no-fund --prefix tests/browser
	@touch $@

tests/interop/node_modules/.package-lock.json: tests/interop/package-lock.json
	$(NPM) ci --no-audit --no-fund --prefix tests/interop
	@touch $@

tests/interop/venv/.installed: tests/interop/requirements.txt
	python3 -m venv tests/interop/venv
	tests/interop/venv/bin/pip install --quiet --require-hashes --requirement $<
	@touch $@

client-web/dist/index.html: client-web/node_modules/.package-lock.json $(CLIENT_SOURCES)
	$(NPM) run build --prefix client-web
	@touch $@
