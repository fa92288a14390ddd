//! What a stop does to each connection. This level has one in hand; others are queued.

use std::process::ExitCode;

use level1_blocking::conformance::stopping::{self, Variant};

fn main() -> ExitCode {
    // Idle clients are kept, or there would be none to close.
    let flags = &["--idle-timeout", "60s"];
    let binary = env!("CARGO_BIN_EXE_level1-blocking");
    stopping::main(&[Variant { name: "blocking", binary, flags }])
}
