//! The options through a real process: its environment, its streams, its exit code.

use std::process::Command;

struct Case {
    flags: &'static [&'static str],
    variables: &'static [(&'static str, &'static str)],
    exit_code: i32,
    stdout: &'static str,
    stderr: &'static str,
}

#[test]
fn prints_to_the_right_stream_and_exits_with_the_right_code() {
    let none = Case { flags: &[], variables: &[], exit_code: 0, stdout: "", stderr: "" };
    let cases = [
        Case {
            flags: &["--help"],
            stdout: "An HTTP/1.1 server on one blocking thread: one client at a time\n",
            ..none
        },
        Case { flags: &["--version"], stdout: "level1-blocking ", ..none },
        Case { flags: &["--check"], stdout: "listen           127.0.0.1:8001   default\n", ..none },
        Case {
            flags: &["--check"],
            variables: &[("LEVELS_LISTEN", "127.0.0.1:9001")],
            stdout: "listen           127.0.0.1:9001   environment LEVELS_LISTEN\n",
            ..none
        },
        Case {
            variables: &[("LEVELS_BACKLOG", "many")],
            exit_code: 2,
            stderr: "error: invalid value 'many' for 'LEVELS_BACKLOG': ",
            ..none
        },
        Case { flags: &["--x"], exit_code: 2, stderr: "error: unexpected argument '--x'", ..none },
    ];
    for case in cases {
        let mut command = Command::new(env!("CARGO_BIN_EXE_level1-blocking"));
        let output = command
            .env_clear()
            .envs(case.variables.iter().copied())
            .args(case.flags)
            .output()
            .expect("a process");
        for (text, start) in [(output.stdout, case.stdout), (output.stderr, case.stderr)] {
            let text = String::from_utf8(text).expect("text");
            assert!(text.starts_with(start), "{:?}: {text}", case.flags);
            assert_eq!(text.is_empty(), start.is_empty(), "{:?}: {text}", case.flags);
        }
        assert_eq!(output.status.code(), Some(case.exit_code), "{:?}", case.flags);
    }
}
