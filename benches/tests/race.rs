//! The race as a program: what it refuses, and that it leaves no server behind.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    process::{Command, Output, Stdio},
};

const RACE: &str = env!("CARGO_BIN_EXE_race");

fn race(arguments: &[&str]) -> Output {
    Command::new(RACE).args(arguments).output().expect("the race starts")
}

#[test]
fn what_it_cannot_use_is_refused_with_the_way_out() {
    let cases: [(&[&str], &str); 8] = [
        (&["--scenario", "hallo"], "possible values: hello, slow-beside-fast, idle, pipelined"),
        (
            &["--level", "level9"],
            "possible values: level1, level1-one, level2, level2-thread, level2-pool, level2-process, level3",
        ),
        (&["--rounds", "0"], "0 is not in 1..=100"),
        (&["--seconds", "soon"], "write a number of seconds, such as 0.5"),
        (&["--seconds", "NaN"], "write a number from 0.05 to 60"),
        (&["--gaps", "none"], "possible values: fixed, poisson"),
        (&["--smoke", "--rounds", "3"], "cannot be used with"),
        (&["--sed", "3"], "a similar argument exists: '--seed'"),
    ];
    for (arguments, way_out) in cases {
        let output = race(arguments);
        let message = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {message}");
        assert!(message.contains(way_out), "{arguments:?}: {message}");
    }
}

#[test]
fn help_names_what_a_person_needs_and_nothing_else() {
    let help = race(&["--help"]);
    let help = String::from_utf8_lossy(&help.stdout);
    for option in ["--scenario", "--level", "--rounds", "--seconds", "--smoke", "--output"] {
        assert!(help.contains(option), "{option}");
    }
    assert!(!help.contains("launch"), "{help}");
}

#[test]
fn what_cannot_be_launched_is_named() {
    let output = race(&["launch", "/no/such/server", "--flag"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("cannot run /no/such/server"));
}

/// The pipe is closed when the last process that has it is gone: the one that was launched.
#[test]
fn what_was_launched_ends_with_its_parent_even_if_that_is_killed() {
    let launch = "\"$0\" launch sh -c 'echo ready; exec sleep 1000' & wait";
    let mut parent = Command::new("sh")
        .args(["-c", launch, RACE])
        .stdout(Stdio::piped())
        .spawn()
        .expect("a shell");
    let mut output = BufReader::new(parent.stdout.take().expect("it is piped"));
    let mut line = String::new();
    output.read_line(&mut line).expect("a line");
    assert_eq!(line, "ready\n");
    parent.kill().expect("a child");
    parent.wait().expect("a child");
    assert_eq!(output.read_to_end(&mut Vec::new()).expect("the end"), 0);
}
