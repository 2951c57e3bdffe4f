# Everything a reader needs: `make help`.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

REQUEST ?= events/provision-with-metallb.json
SEED ?= 1
VENV := .venv
BIN := $(VENV)/bin
# Lambda's managed runtime: the packages AWS brings, in an environment of their own.
RUNTIME := .lambda-runtime

export SAM_CLI_TELEMETRY := 0

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' Makefile

.PHONY: install
install: $(VENV)/installed $(RUNTIME)/installed ## Create both environments from pinned, hashed requirements

$(VENV)/installed: requirements/develop.txt
	./scripts/make-environment "$(VENV)" requirements/develop.txt

$(RUNTIME)/installed: requirements/lambda-runtime.txt
	./scripts/make-environment "$(RUNTIME)" requirements/lambda-runtime.txt

.PHONY: run
run: install ## Deploy to the simulator, provision a cluster, show its findings, watch the LNI rule work (REQUEST=, SEED=)
	@"$(BIN)/python" -m demo --request "$(REQUEST)" --seed "$(SEED)"

.PHONY: bench
bench: install ## Measure the deployed LNI guard's sweep on the simulator at 100, 1,000 and 10,000 subnets
	@PATH="$(CURDIR)/$(BIN):$$PATH" "$(BIN)/python" -m demo.bench

.PHONY: simulator
simulator: install ## Serve the embedded AWS until Ctrl-C; prints the variables to export
	@"$(BIN)/python" -m simulator --seed "$(SEED)"

.PHONY: stop
stop: ## Stop a simulator left running
	@./scripts/stop-simulator

.PHONY: build
build: install .aws-sam/build/made ## Build the functions as they are deployed, if anything has changed

# The mark lies inside what sam build makes, and goes when that is made anew by hand.
.aws-sam/build/made: $(VENV)/installed scripts/build template.yaml guard.yaml samconfig.toml $(shell find functions kubernetes_client_layer statemachine -type f -not -name '*.pyc')
	@PATH="$(CURDIR)/$(BIN):$$PATH" ./scripts/build
	@touch "$@"

.PHONY: guard
guard: install .aws-sam/guard/made ## Build the LNI guard alone, if anything has changed

.aws-sam/guard/made: $(VENV)/installed scripts/build guard.yaml samconfig.toml $(shell find functions -type f -not -name '*.pyc')
	@PATH="$(CURDIR)/$(BIN):$$PATH" ./scripts/build guard
	@touch "$@"

.PHONY: test
test: install lint unit workflow ## Lint, types, template and ASL validation, unit and workflow tests

.PHONY: lint
lint: install ## Formatting, lint, types, template and state machine validation
	"$(BIN)/ruff" format --check .
	"$(BIN)/ruff" check .
	"$(BIN)/mypy" functions simulator demo tests
	"$(BIN)/cfn-lint" template.yaml guard.yaml guard-member.yaml
	AWS_DEFAULT_REGION=us-west-2 "$(BIN)/sam" validate --lint
	AWS_DEFAULT_REGION=us-west-2 "$(BIN)/sam" validate --lint --template guard.yaml
	"$(BIN)/python" -m pytest -q tests/unit/test_statemachine.py

.PHONY: unit
unit: install ## Unit tests and the simulator's own
	"$(BIN)/python" -m pytest -q -n auto tests/unit tests/simulator tests/kubernetes
	"$(BIN)/python" -m pytest -q tests/probe

.PHONY: workflow
workflow: install ## Workflow tests: the real template on the simulator, by public APIs only
	PATH="$(CURDIR)/$(BIN):$$PATH" "$(BIN)/python" -m pytest -q -n 2 --dist loadscope tests/workflow tests/cli

.PHONY: kubernetes
kubernetes: install ## The Kubernetes tests against a real control plane, built once per machine (Debian 12, root)
	assets=$$(./scripts/build-control-plane) && KUBEBUILDER_ASSETS="$$assets" "$(BIN)/python" -m pytest -q tests/kubernetes

.PHONY: schema
schema: install ## Write the request's JSON Schema to docs/ from the model
	"$(BIN)/python" scripts/write-request-schema

.PHONY: lock
lock: install ## Pin the requirements anew, with hashes
	./scripts/lock-requirements

.PHONY: clean
clean: stop ## Remove everything that make made
	rm -rf "$(VENV)" "$(RUNTIME)" .aws-sam .simulator reports .mypy_cache .pytest_cache .ruff_cache
