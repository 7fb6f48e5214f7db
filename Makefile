# make demo: set up, and let personas talk with a flawed bot, offline.   make test: set up, and run every check.

.PHONY: help demo test lint types imports unit bench setup requirements clean

help:
	@sed -n '1s/^# //p' Makefile

demo:
	@scripts/setup runtime
	@.venv/bin/personae demo --into demo-run

test: setup lint types imports unit

setup:
	@scripts/setup dev

lint:
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .

types:
	.venv/bin/mypy

imports:
	.venv/bin/lint-imports

unit:
	.venv/bin/python -m pytest -n $$((2 * $$(nproc)))  # many tests wait for something: twice the cores

# Long: speed and cost beside peers, which are installed from the package registry into bench/.envs.
bench: setup
	.venv/bin/python -m bench

# Pins what pyproject.toml asks for, with hashes and without naming a registry. Needs uv.
requirements:
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		pyproject.toml requirements/build.in --extra server -o requirements/runtime.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		pyproject.toml requirements/build.in --extra server --group dev -c requirements/runtime.txt -o requirements/dev.txt

clean:
	rm -rf .venv demo-run .mypy_cache .ruff_cache .pytest_cache
