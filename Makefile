# make demo: set up, and let personas talk with a flawed bot, offline.   make test: set up, and run every check.

# A machine image may forbid Python to keep what it compiled: each of a thousand programs then compiles all anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo test lint types imports unit bench bench-web setup requirements texts screenshots clean

help:
	@sed -n '1s/^# //p' Makefile

demo:
	@scripts/setup runtime
	@.venv/bin/personae demo --into demo-run

test: setup
	@$(MAKE) --no-print-directory -j4 lint types imports unit

setup:
	@scripts/setup dev

lint:
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .

types:
	.venv/bin/mypy

imports:
	.venv/bin/lint-imports

# Many tests wait for something: thrice the cores. A trace takes more than a journey, so only what failed gets one.
tests := .venv/bin/python -m pytest
unit:
	@test -d .pytest_cache || $(tests) --collect-only -qq >/dev/null  # once, for all workers: it compiles
	$(tests) -n $$((3 * $$(nproc))) --dist loadgroup || { $(tests) --last-failed --last-failed-no-failures none \
		-k chromium --tracing=on --output=test-results/again; exit 1; }

# Long: speed and cost beside peers, which are installed from the package registry into bench/.envs.
bench: setup
	.venv/bin/python -m bench

# Its part about the pages of the workbench, some five minutes; needs Chromium.
bench-web: setup
	.venv/bin/python -m bench --only j

# What django-htmx wants beside the file that the build copies out of it: scripts/setup installs without dependencies.
without := --no-emit-package django --no-emit-package asgiref --no-emit-package sqlparse

# Pins what pyproject.toml asks for, with hashes and without naming a registry. Needs uv.
requirements:
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		$(without) \
		pyproject.toml requirements/build.in --extra server -o requirements/runtime.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		$(without) \
		pyproject.toml requirements/build.in --extra server --group dev -c requirements/runtime.txt -o requirements/dev.txt

# Texts of the pages: new ones come into the catalogues, with nothing beside them until somebody translates them.
texts:
	.venv/bin/python -m tests.web.texts

# Pictures of the pages for the docs, of the example project.
screenshots:
	.venv/bin/python -m tests.web.screenshots

clean:
	rm -rf .venv demo-run .mypy_cache .ruff_cache .pytest_cache
