//! What a stop does to each connection, under every model.

use std::process::ExitCode;

use level1_blocking::conformance::stopping::{self, Variant};

fn main() -> ExitCode {
    let binary = env!("CARGO_BIN_EXE_level2-threads");
    stopping::main(&[
        Variant { name: "thread", binary, flags: &["--model", "thread"] },
        Variant { name: "pool", binary, flags: &["--model", "pool"] },
        Variant { name: "process", binary, flags: &["--model", "process"] },
    ])
}
