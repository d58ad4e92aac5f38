# The commands that people use. Each is a short script in deploy/, so that it can be read and run on its own.

.PHONY: help run test test-long bench lint doctor site queries stop clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

run: ## start Koza on this machine; CLOUD=sim needs neither Incus nor root
	@deploy/run $(or $(CLOUD),incus)

test: ## everything that proves it: lints, unit and PostgreSQL tests, browser journeys, one real environment
	@deploy/test

test-long: ## what takes longer: ten times the property tests' cases
	@PROPTEST_CASES=100000 deploy/test properties

bench: ## measure one environment and the queue beside its peers; prints figures for docs/benchmarks.md
	@deploy/bench

lint: ## formatting, clippy, shellcheck
	@deploy/test lint

doctor: ## what is missing, in plain words
	@deploy/doctor

site: ## build what the browser gets
	@deploy/site

queries: ## renew the cache that queries are checked against (.sqlx)
	@deploy/queries

stop: ## stop what `make run` left running (PostgreSQL, names, Incus if it was started by us)
	@deploy/domain stop
	@deploy/host/postgres stop
	@deploy/host/incus down

clean: ## delete what was built; environments and the database stay
	cargo clean
