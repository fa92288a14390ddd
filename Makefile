# The menu. Each line is an ordinary cargo command, to be typed by hand as well.

run:    ## Serve the site with the highest level there is
	cargo run --release

test:   ## Install what the tests need, and pass them all
	sh .ci/setup && cargo test --workspace

lint:   ## What a change must also pass
	cargo fmt --all --check && cargo clippy --workspace --all-targets -- -D warnings

race:   ## Load all levels side by side, and write target/race/report.html
	cargo race

bench:  ## Measure all levels with one client, and the protocol core beside httparse
	cargo bench --package benches

count:  ## Count the instructions of a request in the core (needs valgrind)
	cargo run --release --package benches --bin instructions

doc:    ## Open the documentation of the code
	cargo doc --workspace --no-deps --open

ci:     ## Everything, as the build machine does it
	.ci/run

help:   ## Show this menu
	@sed -n 's/^\([a-z]*\): *## /\1\t/p' Makefile

.DEFAULT_GOAL := help
.PHONY: run test lint race bench count doc ci help
