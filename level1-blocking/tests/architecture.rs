//! What is absent, and must stay absent: the project's structure as tests.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

const CRATE: &str = env!("CARGO_MANIFEST_DIR");

/// A source file without its tests and comments.
fn code_of(path: &Path) -> String {
    let text = fs::read_to_string(path).expect("a source file");
    let (code, _) = text.split_once("#[cfg(test)]\nmod tests {").unwrap_or((&text, ""));
    let is_code = |line: &&str| !line.trim_start().starts_with("//");
    code.lines().filter(is_code).flat_map(|line| [line, "\n"]).collect()
}

fn core_modules() -> Vec<(String, PathBuf)> {
    let folder = Path::new(CRATE).join("src/http");
    let list = code_of(&folder.join("mod.rs"));
    let names = list.lines().filter_map(|line| {
        let name = line.strip_prefix("pub mod ").or(line.strip_prefix("mod "))?;
        name.strip_suffix(';').filter(|name| *name != "tests")
    });
    names.map(|name| (name.to_owned(), folder.join(name).with_extension("rs"))).collect()
}

#[test]
fn the_core_does_no_io_and_reads_no_clock() {
    let modules = core_modules();
    assert!(modules.len() > 20, "the list in http/mod.rs is read");
    for (name, path) in modules {
        let code = code_of(&path);
        for absent in [
            "::now",
            "elapsed()",
            "net::",
            "TcpStream",
            "socket2",
            "UnixStream",
            "thread",
            "sleep",
            "tokio",
            "mio::",
            "async ",
            ".await",
            "println",
            "File::open",
            "OpenOptions",
            "io::",
            "process::",
            "env::",
            "Mutex",
            "RwLock",
            "Atomic",
            "static mut",
            "cfg(feature",
        ] {
            // An address of the net is a value, not a socket.
            let found =
                code.lines().find(|line| line.contains(absent) && !line.contains("net::Ipv6Addr"));
            assert_eq!(found, None, "http/{name}.rs names {absent:?}");
        }
    }
}

#[test]
fn a_module_of_the_core_imports_only_from_those_above_it() {
    let modules = core_modules();
    let place: BTreeMap<&str, usize> =
        modules.iter().enumerate().map(|(at, (name, _))| (name.as_str(), at)).collect();
    for (at, (name, path)) in modules.iter().enumerate() {
        for import in imports_from_super(&code_of(path)) {
            let imported = place.get(import.as_str()).copied();
            let imported = imported
                .unwrap_or_else(|| panic!("{name}.rs imports {import}, which is no module"));
            assert!(imported < at, "http/{name}.rs imports from {import}, which stands below it");
        }
    }
}

/// The modules named behind `super::`, alone or in a list.
fn imports_from_super(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for rest in code.split("super::").skip(1) {
        let Some(list) = rest.strip_prefix('{') else {
            found.push(identifier(rest));
            continue;
        };
        let mut depth = 1;
        let mut starts = true;
        for (at, character) in list.char_indices() {
            match character {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 1 => starts = true,
                _ if starts && character.is_alphabetic() => {
                    found.push(identifier(&list[at..]));
                    starts = false;
                }
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
    }
    // `pub(super)` is a visibility, not an import.
    found.into_iter().filter(|name| !name.is_empty()).collect()
}

fn identifier(text: &str) -> String {
    text.chars().take_while(|character| character.is_alphanumeric() || *character == '_').collect()
}

#[test]
fn levels_depend_downwards_only() {
    let workspace = Path::new(CRATE).parent().expect("a workspace");
    let level = |name: &str| name.strip_prefix("level")?.chars().next()?.to_digit(10);
    let folders = fs::read_dir(workspace).expect("a folder").filter_map(Result::ok);
    let mut seen = 0;
    for folder in folders {
        let name = folder.file_name().to_string_lossy().into_owned();
        let Some(number) = level(&name) else { continue };
        let manifest = fs::read_to_string(folder.path().join("Cargo.toml")).expect("a manifest");
        // Its own name may stand among the tests' dependencies, for a feature of its own.
        let sections = manifest.split("\n[").filter(|section| section.starts_with("dependencies]"));
        for line in sections.flat_map(str::lines) {
            if let Some(below) = level(line) {
                assert!(below < number, "{name} depends on {line}");
            }
        }
        seen += 1;
    }
    assert!(seen > 0, "there are levels");
}

/// Nothing fails here: the figures are for whoever reads the output, by `--nocapture`.
/// The linter bounds functions; a file that grows beyond 450 lines fails after all.
#[test]
fn files_keep_to_one_idea() {
    let mut lengths: Vec<(usize, PathBuf)> = Vec::new();
    let workspace = Path::new(CRATE).parent().expect("a workspace");
    for folder in fs::read_dir(workspace).expect("a folder").filter_map(Result::ok) {
        if folder.file_name().to_string_lossy().starts_with("level") {
            collect(&folder.path().join("src"), &mut lengths);
        }
    }
    lengths.sort();
    for (len, path) in lengths.iter().rev().take(10) {
        println!("{len:5} lines  {}", path.display());
    }
    let (longest, path) = lengths.last().expect("source files");
    assert!(*longest <= 450, "{} has {longest} lines without its tests", path.display());
}

fn collect(folder: &Path, lengths: &mut Vec<(usize, PathBuf)>) {
    for entry in fs::read_dir(folder).expect("a folder").filter_map(Result::ok) {
        let path = entry.path();
        if path.is_dir() && path.file_name().is_some_and(|name| name != "tests") {
            collect(&path, lengths);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).expect("a source file");
            let (code, _) = text.split_once("#[cfg(test)]\nmod tests {").unwrap_or((&text, ""));
            lengths.push((code.lines().count(), path));
        }
    }
}
