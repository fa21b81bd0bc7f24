# Two commands: `make demo` runs the main job on the shipped example, `make test` passes every test.
# Both install what is missing first.

SWIFT ?= swift
PYTHON ?= python3
TOOLS := .tools/python
DISCO := .build/release/disco

.PHONY: conformance contract fuzz kill-test demo test check tools system build lint arrows schema-check reference results risk bench clean

demo: tools build
	$(DISCO) solve data/example.yaml

# Without testable imports the release tests run on the very build that is shipped.
test: tools
	$(SWIFT) test --disable-xctest
	$(SWIFT) test -c release --disable-testable-imports --disable-xctest
	$(MAKE) --no-print-directory schema-check reference conformance

# Every solver on every named problem in debug, too, where it takes minutes; `test` runs it in release.
contract: tools
	DISCO_CONTRACT=1 $(SWIFT) test --disable-xctest --filter Contract

# What CI runs.
check: lint arrows test demo

build: system
	$(SWIFT) build -c release --product disco

tools: system $(TOOLS)/.ready

$(TOOLS)/.ready: scripts/requirements.txt
	$(PYTHON) -m venv $(TOOLS)
	$(TOOLS)/bin/python -m pip install --quiet --disable-pip-version-check -r scripts/requirements.txt
	touch $@

system:
	@SWIFT="$(SWIFT)" PYTHON="$(PYTHON)" scripts/install-system-packages

lint:
	$(SWIFT) format lint --strict --recursive Sources Tests Package.swift $(wildcard Benchmarks)

# The imports between our own modules are those that Package.swift lists, and no forbidden one is among them.
arrows:
	$(PYTHON) scripts/check_arrows.py

schema-check: tools
	$(TOOLS)/bin/python scripts/check_schema.py

# The cases of conformance/ in Python (the tests have them in Swift), and both loaders on 100,000 random inputs.
conformance:
	$(SWIFT) build -c release --product ConformanceRunner
	$(PYTHON) scripts/check_conformance.py

# Broken inputs by the million, for so many minutes each: policy tables and problem files (docs/robustness.md).
FUZZ_MINUTES ?= 30
FUZZ_EXECUTIONS ?= -1
FUZZ_SEED ?= 1
fuzz: system
	$(PYTHON) scripts/fuzz.py --minutes $(FUZZ_MINUTES) --executions $(FUZZ_EXECUTIONS) --seed $(FUZZ_SEED) $(FUZZ_FLAGS)

# A solve that is killed again and again must leave the old table or the new one.
KILLS ?= 1000
KILL_SEED ?= 1
kill-test: tools build
	$(PYTHON) scripts/check_kills.py --disco $(DISCO) --kills $(KILLS) --seed $(KILL_SEED)

# Random problems against SciPy's HiGHS and against brute force; logs with cancelled requests against NumPy; drift against SciPy.
reference: tools
	$(SWIFT) build -c release --product disco
	$(TOOLS)/bin/python scripts/check_reference.py --disco $(DISCO)
	$(TOOLS)/bin/python scripts/check_censoring.py --disco $(DISCO)
	$(TOOLS)/bin/python scripts/check_drift.py --disco $(DISCO)

# docs/results.md, from the traces at hand; carries the last run of `make bench`, too.
results: tools build
	$(TOOLS)/bin/python scripts/results.py --disco $(DISCO)

# docs/risk.md: whether a budget holds on data that its policy was not made from.
risk: tools build
	$(TOOLS)/bin/python scripts/risk.py --disco $(DISCO)

bench: tools
	scripts/bench

clean:
	rm -rf .build .build-fuzz*
