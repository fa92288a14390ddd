//! What `--help` and `--check` print.

use super::*;

#[test]
fn help_shows_each_variable_and_default() {
    let help = flags(&["--help"]).complaint();
    assert!(help.starts_with("A level for tests\n\nUsage: level-test [OPTIONS]\n"), "{help}");
    for line in [
        "Time for a request's head to arrive [env: LEVELS_HEAD_TIMEOUT] [default: 1s]",
        "Directory to serve instead of the built-in site [env: LEVELS_ROOT]",
        "[env: LEVELS_TOKEN]",
        "Print each setting and where it comes from, then exit",
        "Print help",
        "Print version",
    ] {
        assert!(help.contains(&format!("\n          {line}\n")), "{line}\n{help}");
    }
}

#[test]
fn help_fits_a_hundred_columns() {
    let help = flags(&["--help"]).complaint();
    for line in help.lines() {
        assert!(line.chars().count() <= 100, "{line}");
    }
}

#[test]
fn check_prints_aligned_columns_in_the_order_of_the_flags() {
    let given = Given {
        flags: &["--listen", "localhost:8001"],
        variables: &[("LEVELS_HEAD_TIMEOUT", "2s"), ("LEVELS_CHECK", "true")],
        file: None,
    };
    let expected = "\
listen           localhost:8001   flag
root             (not set)        default
backlog          1024             default
silent-timeout   10s              default
head-timeout     2s               environment LEVELS_HEAD_TIMEOUT
body-timeout     15s              default
idle-timeout     60s              default
write-timeout    30s              default
drain-timeout    10s              default
max-head         32KiB            default
max-body         4MiB             default
log              combined         default
config           (not set)        default
listing          false            default
token            (not set)        default
mode             (not set)        default
";
    let loaded = given.load::<Higher>(&LEVEL).expect("options that load");
    assert_eq!(loaded.effective.to_string(), expected);
    assert!(!loaded.options.common.check, "a variable must not turn a server into a check");
}
