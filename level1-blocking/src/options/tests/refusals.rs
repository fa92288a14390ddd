//! What is refused, and where the complaint points.

use std::os::unix::ffi::OsStringExt;

use clap::error::ErrorKind;

use super::*;

const DURATION: &str = "is not a duration: write a number and a unit, such as 500ms, 10s, 2m or 1h";

#[test]
fn a_refused_duration_is_found_where_it_stands() {
    let cases = [
        (flags(&["--head-timeout", "10x"]), "10x", "'--head-timeout'"),
        (flags(&["--head-timeout=10x"]), "10x", "'--head-timeout'"),
        (flags(&["--head-timeout", ""]), "", "'--head-timeout'"),
        (variables(&[("LEVELS_HEAD_TIMEOUT", "10x")]), "10x", "'LEVELS_HEAD_TIMEOUT'"),
        (file("head-timeout = '10x'"), "10x", "'head-timeout' in levels.toml, line 1"),
        (file("#\n\nhead-timeout = 10"), "10", "'head-timeout' in levels.toml, line 3"),
        (file("token = ''"), "", "'token' in levels.toml, line 1"),
        (file("token = '42x'"), "(hidden)", "'token' in levels.toml, line 1"),
        (flags(&["--token", "42x"]), "(hidden)", "'--token'"),
    ];
    for (given, value, location) in cases {
        let expected = format!("invalid value '{value}' for {location}: '{value}' {DURATION}");
        assert_eq!(given.complaint(), expected);
    }
}

#[test]
fn a_refused_value_comes_with_the_way_out() {
    let formats = "write one of combined, json, off";
    let cases = [
        (flags(&["--log", "jsn"]), "'jsn' for '--log'", formats),
        (file("log = 'jsn'"), "'jsn' for 'log' in levels.toml, line 1", formats),
        (variables(&[("LEVELS_MODE", "x")]), "'(hidden)' for 'LEVELS_MODE'", formats),
        (
            variables(&[("LEVELS_LISTING", "1")]),
            "'1' for 'LEVELS_LISTING'",
            "write one of true, false",
        ),
        (flags(&["--backlog", "0"]), "'0' for '--backlog'", "0 is not in 1..=65535"),
        (
            flags(&["--max-head", "2MiB"]),
            "'2MiB' for '--max-head'",
            "'2MiB' is out of bounds: write a size from 1KiB to 1MiB",
        ),
        (
            file("listen = ['a:1', 'tls+a:2']"),
            "'tls+a:2' for 'listen' in levels.toml, line 1",
            "this level serves plain connections only; TLS arrives with level5-secure",
        ),
        (file("root = ''"), "'' for 'root' in levels.toml, line 1", "a value is required"),
        (
            flags(&["--root", "/dev/null"]),
            "'/dev/null' for '--root'",
            "name the directory that holds the site; '/dev/null' is a file",
        ),
        (
            flags(&["--root", "/nowhere"]),
            "'/nowhere' for '--root'",
            "name an existing directory; '/nowhere' cannot be opened: \
             No such file or directory (os error 2)",
        ),
    ];
    for (given, subject, reason) in cases {
        assert_eq!(given.complaint(), format!("invalid value {subject}: {reason}"));
    }
}

#[test]
fn a_refused_key_comes_with_the_nearest_or_with_all() {
    let keys = "the keys are listen, root, backlog, silent-timeout, head-timeout, body-timeout, idle-timeout, \
                write-timeout, drain-timeout, max-head, max-body, log, listing, token, mode";
    let cases = [
        (
            "\nhead_timout = 1",
            "'head_timout' in levels.toml, line 2",
            "did you mean 'head-timeout'?",
        ),
        ("check = true", "'check' in levels.toml, line 1", keys),
        ("config = 'x'", "'config' in levels.toml, line 1", keys),
        ("help = true", "'help' in levels.toml, line 1", keys),
        ("version = true", "'version' in levels.toml, line 1", keys),
        ("'' = 1", "'' in levels.toml, line 1", keys),
        ("[server]\nlog = 'off'", "'server' in levels.toml, line 1", keys),
    ];
    for (text, subject, hint) in cases {
        assert_eq!(file(text).complaint(), format!("unknown key {subject}: {hint}"));
    }
}

#[test]
fn a_refused_kind_of_value_is_named() {
    let cases = [
        ("backlog = [1]", "'backlog' in levels.toml, line 1, is a list"),
        ("listen = [['a:1']]", "'listen' in levels.toml, line 1, is a list"),
        ("listen.a = 1", "'listen' in levels.toml, line 1, is a table"),
        ("log = 2020-01-01", "'log' in levels.toml, line 1, is a date or time"),
    ];
    for (text, subject) in cases {
        let way_out = "write one value, in quotes unless it is a number, true or false";
        assert_eq!(file(text).complaint(), format!("{subject}: {way_out}"));
    }
}

#[test]
fn a_file_that_is_not_toml_is_named_with_the_line_but_not_shown() {
    let cases =
        [("token = 42s secret", 1), ("\ntoken = secret", 2), ("log='a'\nlog='a'", 2), ("=", 1)];
    for (text, line) in cases {
        let complaint = file(text).complaint();
        let start = format!(
            "levels.toml, line {line}, is not TOML (write lines such as head-timeout = \"10s\"): "
        );
        // The parser's own words follow; they are its crate's to change.
        assert!(complaint.starts_with(&start) && complaint.len() > start.len(), "{complaint}");
        assert!(!complaint.contains("secret"), "{complaint}");
    }
}

#[test]
fn a_file_that_cannot_be_read_is_named_with_what_names_it() {
    let variable: &[(&str, &str)] = &[("LEVELS_CONFIG", "/variable")];
    let cases = [
        (variables(variable), "'/variable', which 'LEVELS_CONFIG' names"),
        (
            Given { flags: &["--config", "/flag"], ..variables(variable) },
            "'/flag', which '--config' names",
        ),
    ];
    for (given, subject) in cases {
        let way_out = "(give it a readable TOML file, or leave it out)";
        let cause = "No such file or directory (os error 2)";
        assert_eq!(given.complaint(), format!("cannot read {subject} {way_out}: {cause}"));
    }
}

#[test]
fn a_variable_that_is_not_text_is_named() {
    let environment = |name: &str| (name == "LEVELS_ROOT").then(|| OsString::from_vec(vec![0xff]));
    let error = load::<Higher>(&LEVEL, ["level-test".into()], environment).expect_err("no text");
    assert_eq!(
        error.message(),
        "LEVELS_ROOT is not valid UTF-8: set it to text, or give the value as a flag"
    );
}

#[test]
fn clap_words_what_is_not_about_a_value() {
    let cases: [(&[&str], ErrorKind); 6] = [
        (&["--help"], ErrorKind::DisplayHelp),
        (&["-h"], ErrorKind::DisplayHelp),
        (&["--version"], ErrorKind::DisplayVersion),
        (&["--config", "/nowhere", "--help"], ErrorKind::DisplayHelp),
        (&["--hed-timeout", "1s"], ErrorKind::UnknownArgument),
        (&["surplus"], ErrorKind::UnknownArgument),
    ];
    for (given, expected) in cases {
        match flags(given).load::<Higher>(&LEVEL) {
            Err(OptionsError::CommandLine(error)) => assert_eq!(error.kind(), expected),
            other => panic!("{given:?}: {other:?}"),
        }
    }
}
