//! The conformance suite against this level with one worker, over sockets.

use std::process::ExitCode;

use level1_blocking::conformance::over_sockets;

fn main() -> ExitCode {
    let binary = env!("CARGO_BIN_EXE_level4-hybrid");
    over_sockets::main(binary, &["--log", "off", "--workers", "1"], over_sockets::plain)
}
