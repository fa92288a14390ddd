//! Counts the user instructions a request costs in the core, by valgrind's callgrind.
//!
//! The count is the difference between two runs of different length, so that neither
//! starting nor measuring counts. It repeats to the instruction on one machine, and is
//! hardly moved by what else the machine does: the figure to hold a small change against.

use std::{env, process::Command};

use anyhow::{Context as _, bail, ensure};
use benches::{BROWSER, SMALL, memory::Session};

const LENGTHS: [usize; 2] = [1000, 2000];

/// Name, request, and how many of them a read brings.
const WORKLOADS: [(&str, &[u8], usize); 3] =
    [("single", SMALL, 1), ("pipelined", SMALL, 16), ("browser", BROWSER, 1)];

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match &arguments[..] {
        [] => WORKLOADS.iter().try_for_each(|(name, _, count)| report(name, *count)),
        [name, turns] => run(name, turns.parse().context("a number of turns")?),
        _ => bail!("this takes no arguments; those it gives itself are a workload and a length"),
    }
}

/// Counts a workload and prints it.
fn report(name: &str, count: usize) -> anyhow::Result<()> {
    let [short, long] = LENGTHS;
    let difference = instructions(name, long)? - instructions(name, short)?;
    println!("{name:10} {:6} instructions a request", difference / (long - short) / count);
    Ok(())
}

/// Runs this program under callgrind.
fn instructions(name: &str, turns: usize) -> anyhow::Result<usize> {
    let program = env::current_exe()?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args([name, &turns.to_string()])
        .output()
        .context("cannot run valgrind; install the package of that name")?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report = String::from_utf8_lossy(&output.stderr);
    let line = report.lines().find_map(|line| line.split_once("Collected : "));
    let (_, count) = line.context("callgrind gave no count")?;
    Ok(count.trim().parse()?)
}

fn run(name: &str, turns: usize) -> anyhow::Result<()> {
    let workload = WORKLOADS.iter().find(|(known, ..)| *known == name);
    let (_, bytes, count) = workload.context("no such workload")?;
    let requests = bytes.repeat(*count);
    let mut session = Session::default();
    for _ in 0..turns {
        ensure!(session.turn(&requests).0 == *count, "every request is answered");
    }
    Ok(())
}
