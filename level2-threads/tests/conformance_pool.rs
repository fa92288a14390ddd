//! The conformance suite against the pool model.

use std::process::ExitCode;

use level1_blocking::conformance::over_sockets;

fn main() -> ExitCode {
    let binary = env!("CARGO_BIN_EXE_level2-threads");
    over_sockets::main(binary, &["--model", "pool", "--log", "off"], over_sockets::plain)
}
