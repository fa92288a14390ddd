//! The suite as a test program: one test a case, by name, as `cargo test` and
//! `cargo nextest` know them.

use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};

use super::{
    case::{Case, Script, Step},
    cases,
    response::Fault,
};

/// Runs the cases that the command line asks for.
pub fn main(run: impl Fn(&Case) -> Result<(), Fault> + Clone + Send + 'static) -> ExitCode {
    let arguments = Arguments::from_args();
    let trials = cases::all().into_iter().map(|case| trial(case, run.clone()));
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}

fn trial(case: Case, run: impl Fn(&Case) -> Result<(), Fault> + Send + 'static) -> Trial {
    let name = case.name.clone();
    Trial::test(name, move || {
        run(&case).map_err(|fault| {
            let Case { section, requirement, .. } = case;
            Failed::from(format!("{section} ({}): {fault}", requirement.as_str()))
        })
    })
}

/// What was sent, and how, for a person who looks for the reason.
pub fn describe(script: &Script, cuts: &[usize]) -> String {
    let cuts = match cuts {
        [] => "sent whole".to_owned(),
        [at] => format!("cut at {at}"),
        [first, .., last] => format!("cut at {} positions from {first} to {last}", cuts.len()),
    };
    let steps: Vec<String> = script.0.iter().map(describe_step).collect();
    format!("{cuts}: {}", steps.join(", "))
}

fn describe_step(step: &Step) -> String {
    const SHOWN: usize = 400;
    match step {
        Step::Send(bytes) if bytes.len() > SHOWN => {
            let shown = bytes[..SHOWN].escape_ascii();
            format!("\"{shown}...\" ({} bytes)", bytes.len())
        }
        Step::Send(bytes) => format!("\"{}\"", bytes.escape_ascii()),
        other => format!("{other:?}"),
    }
}
