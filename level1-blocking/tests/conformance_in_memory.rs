//! The conformance suite against the protocol core, in memory, cut at every position.

use std::process::ExitCode;

use level1_blocking::conformance::in_memory;

fn main() -> ExitCode {
    in_memory::main()
}
