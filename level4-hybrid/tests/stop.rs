//! What a stop does to each connection.

use std::process::ExitCode;

use level1_blocking::conformance::stopping::{self, Variant};

fn main() -> ExitCode {
    let binary = env!("CARGO_BIN_EXE_level4-hybrid");
    stopping::main(&[
        Variant { name: "stealing", binary, flags: &["--workers", "2"] },
        Variant { name: "none", binary, flags: &["--workers", "2", "--sharing", "none"] },
    ])
}
