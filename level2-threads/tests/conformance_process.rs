//! The conformance suite against the process model.

use std::process::ExitCode;

use level1_blocking::conformance::over_sockets;

fn main() -> ExitCode {
    let binary = env!("CARGO_BIN_EXE_level2-threads");
    over_sockets::main(binary, &["--model", "process", "--log", "off"], over_sockets::plain)
}
