//! Which value wins, and what it becomes.

use std::path::PathBuf;

use super::*;

#[test]
fn a_flag_wins_over_its_variable_over_the_file_over_the_default() {
    let flag: &[&str] = &["--head-timeout", "2s"];
    let variable: &[(&str, &str)] = &[("LEVELS_HEAD_TIMEOUT", "3s")];
    let line = "head-timeout = '4s'";
    let cases = [
        (Given { flags: flag, variables: variable, file: Some(line) }, "2s flag"),
        (Given { flags: flag, ..file(line) }, "2s flag"),
        (Given { flags: flag, ..variables(variable) }, "2s flag"),
        (flags(flag), "2s flag"),
        (Given { variables: variable, ..file(line) }, "3s environment LEVELS_HEAD_TIMEOUT"),
        (variables(variable), "3s environment LEVELS_HEAD_TIMEOUT"),
        (Given { variables: &[("LEVELS_HEAD_TIMEOUT", "")], ..file(line) }, "4s file levels.toml"),
        (file(line), "4s file levels.toml"),
        (variables(&[("LEVELS_HEAD_TIMEOUT", "")]), "1s default"),
        (Given::default(), "1s default"),
    ];
    for (given, expected) in cases {
        assert_eq!(given.line("head-timeout"), format!("head-timeout {expected}"));
    }
}

#[test]
fn a_level_can_ask_where_a_value_comes_from() {
    let origin = |given: Given, flag| {
        let loaded = given.load::<Higher>(&LEVEL).expect("options that load");
        loaded.effective.origin(flag).cloned()
    };
    let variable = Origin::Environment("LEVELS_LISTEN".to_owned());
    assert_eq!(origin(Given::default(), "listen"), Some(Origin::Default));
    assert_eq!(origin(flags(&["--listen", "a:1"]), "listen"), Some(Origin::Flag));
    assert_eq!(origin(variables(&[("LEVELS_LISTEN", "a:1")]), "listen"), Some(variable));
    assert_eq!(origin(Given::default(), "lisen"), None);
}

#[test]
fn every_kind_of_option_can_be_set_everywhere() {
    let cases = [
        (Given::default(), "listen 127.0.0.1:1,[::1]:1 default"),
        (flags(&["--listen", "a:1", "--listen", "b:2"]), "listen a:1,b:2 flag"),
        (variables(&[("LEVELS_LISTEN", "a:1, b:2,")]), "listen a:1,b:2 environment LEVELS_LISTEN"),
        (variables(&[("LEVELS_LISTEN", " , ")]), "listen 127.0.0.1:1,[::1]:1 default"),
        (file("listen = ['a:1', 'b:2']"), "listen a:1,b:2 file levels.toml"),
        (file("listen = 'a:1'"), "listen a:1 file levels.toml"),
        (file("listen = []"), "listen 127.0.0.1:1,[::1]:1 default"),
        (Given::default(), "listing false default"),
        (flags(&["--listing"]), "listing true flag"),
        (variables(&[("LEVELS_LISTING", "true")]), "listing true environment LEVELS_LISTING"),
        (file("listing = true"), "listing true file levels.toml"),
        (file("listing = 'true'"), "listing true file levels.toml"),
        (Given { flags: &["--listing"], ..file("listing = false") }, "listing true flag"),
        (file("backlog = 1_000"), "backlog 1000 file levels.toml"),
        (file("max-body = 5"), "max-body 5 file levels.toml"),
        (file("root = '/'"), "root / file levels.toml"),
        (file(""), "config levels.toml flag"),
        (Given::default(), "config (not set) default"),
    ];
    for (given, line) in cases {
        assert_eq!(given.line(line.split(' ').next().expect("a flag")), line);
    }
}

#[test]
fn a_secret_is_not_shown() {
    let cases = [
        (Given::default(), "token (not set) default"),
        (flags(&["--token", "42s"]), "token (set) flag"),
        (variables(&[("LEVELS_TOKEN", "42s")]), "token (set) environment LEVELS_TOKEN"),
        (file("token = '42s'"), "token (set) file levels.toml"),
    ];
    for (given, line) in cases {
        assert_eq!(given.line("token"), line);
    }
}

#[test]
fn the_options_hold_what_was_set() {
    let given = Given {
        flags: &["--log", "off", "--root", "/", "--check"],
        variables: &[("LEVELS_LISTEN", "a:1"), ("LEVELS_MAX_HEAD", "1KiB")],
        file: Some("listing = true\nidle-timeout = '90s'"),
    };
    let Higher { listen, common, listing, token, mode } =
        given.load(&LEVEL).expect("options that load").options;
    assert_eq!(listen, ["a:1".parse().expect("an address")]);
    assert_eq!((common.log, common.check, listing), (LogFormat::Off, true, true));
    assert_eq!((token, mode), (None, None));
    assert_eq!(common.root, Some(PathBuf::from("/")));
    assert_eq!(common.idle_timeout, Period::from_millis(90_000));
    assert_eq!(common.head_timeout, Period::from_millis(1_000));
    assert_eq!(common.body_timeout, Period::from_millis(15_000));
    assert_eq!(common.write_timeout, Period::from_millis(30_000));
    assert_eq!(common.drain_timeout, Period::from_millis(10_000));
    assert_eq!((common.max_head.bytes(), common.max_body.bytes()), (1_024, 4_194_304));
    assert_eq!(common.backlog, 1_024);
}

#[test]
fn the_variable_names_the_file_unless_a_flag_does() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = directory.path().join("other.toml");
    fs::write(&path, "backlog = 7").expect("a file");
    let variable = [("LEVELS_CONFIG", path.to_str().expect("a path in UTF-8"))];
    let backlog = |given: Given<'_>| {
        given.load::<Higher>(&LEVEL).expect("options that load").options.common.backlog
    };
    assert_eq!(backlog(variables(&variable)), 7);
    assert_eq!(backlog(Given { variables: &variable, ..file("backlog = 8") }), 8);
}

#[test]
fn a_required_option_may_be_set_anywhere() {
    #[derive(Debug, clap::Parser)]
    struct Strict {
        #[arg(long)]
        database: String,
    }
    let level = Level { defaults: &[], secrets: &[], ..LEVEL };
    for given in [flags(&["--database", "memory"]), variables(&[("LEVELS_DATABASE", "memory")])] {
        assert_eq!(given.load::<Strict>(&level).expect("options").options.database, "memory");
    }
    let level = Level { defaults: &[("database", "memory")], ..level };
    let loaded = Given::default().load::<Strict>(&level).expect("options");
    assert_eq!(loaded.options.database, "memory");
    assert_eq!(loaded.effective.to_string(), "database   memory   default\n");
}

#[test]
fn a_level_adds_its_options_to_those_of_the_level_below() {
    #[derive(Debug, clap::Parser)]
    struct Highest {
        #[command(flatten)]
        lower: Higher,
        #[arg(long)]
        workers: Option<u32>,
    }
    let given = Given { variables: &[("LEVELS_WORKERS", "4")], ..file("backlog = 9") };
    let loaded = given.load::<Highest>(&LEVEL).expect("options");
    let Highest { lower, workers } = loaded.options;
    assert_eq!((lower.common.backlog, workers), (9, Some(4)));
    let last = loaded.effective.options.last().expect("an option");
    assert_eq!((last.flag.as_str(), last.value.as_str()), ("workers", "4"));
}
