# `make demo` and `make test` set up everything they need in .venv and then do their job.
PYTHON ?= python3
BIN := .venv/bin
RUN := runs

.PHONY: help demo test lint types truth reproduction bench-peers bench-judge bench-scale bench-advise great format clean
.DEFAULT_GOAL := help

help:
	@echo "make demo         the fair trial on two bundled tables, and its page"
	@echo "make test         lint, format, types, floors and tests"
	@echo "make truth        the longer statistical and fault checks"
	@echo "make reproduction docs/reproduction.md and its figures, from the results in docs/results"
	@echo "make bench-peers  side by side with rivals, in an environment of their own"
	@echo "make bench-judge  every synthesizer on the articles' tables, judged by instruments that are not ours"
	@echo "make bench-scale  how large a table equipoise augment takes, how fast and in how much memory"
	@echo "make bench-advise how good advice is, on tables of known laws and on the articles' tables (hours; goes on where it ended)"
	@echo "make great        a pretrained language model, fine-tuned here, writes rows"
	@echo "make format       let ruff lay out the code"
	@echo "make clean        remove the environment and what the tools leave"

.venv/.ready: constraints.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Equipoise needs Python 3.11 or newer, this is %s; try make PYTHON=python3.12" % sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	@echo "setting up .venv (once; about a minute)"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r constraints.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt torch
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

demo: .venv/.ready
	$(BIN)/equipoise bench demo --jobs 2 --run $(RUN)/demo

lint: .venv/.ready
	$(BIN)/ruff check src tests benchmarks examples
	$(BIN)/ruff format --check src tests benchmarks examples

types: .venv/.ready
	$(BIN)/mypy

# Two workers share two processors: threads that wait for each other make them several times slower.
test truth: export OMP_NUM_THREADS = 1

test: lint types
	$(BIN)/pytest -n 2 --dist worksteal -m "not truth"

truth: .venv/.ready
	$(BIN)/pytest -n 2 --dist worksteal -m truth

reproduction: .venv/.ready
	$(BIN)/python benchmarks/reproduction.py

bench-peers: .venv/.ready
	@status=0; for program in peers fits sampling ours/closest parity; do \
		$(BIN)/python benchmarks/$$program.py || status=1; \
	done; exit $$status

bench-judge: .venv/.ready
	$(BIN)/python benchmarks/judged.py --jobs 2

bench-scale: .venv/.ready
	$(BIN)/python benchmarks/scale.py

bench-advise: export OMP_NUM_THREADS = 1

bench-advise: .venv/.ready
	$(BIN)/python benchmarks/advise.py --folder $(RUN)/advise
	$(BIN)/python benchmarks/advise.py --folder $(RUN)/advise --articles

great: .venv/.ready
	$(BIN)/python benchmarks/great.py

format: .venv/.ready
	$(BIN)/ruff format src tests benchmarks examples
	$(BIN)/ruff check --fix src tests benchmarks examples

clean:
	rm -rf .venv .peers .pytest_cache .mypy_cache .ruff_cache .hypothesis
