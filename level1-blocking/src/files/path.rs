//! From a request's path to the name of a file below the root, by its letters alone.
//!
//! Each segment is percent-decoded once, after the path has been split, so that an encoded
//! slash stays part of its segment and is refused with it. Dot segments are refused, not
//! resolved: a client resolves them before it sends (RFC 3986 §5.2.4), so one that arrives
//! was written by somebody who wanted to see what happens.

use std::{
    ffi::OsStr,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

use crate::http::target::percent_decode;

/// A name below the root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RelativePath {
    /// Its segments, none of them hidden, empty or special.
    pub(crate) path: PathBuf,
    /// Whether it ended with a slash, and so can only be a directory.
    pub(crate) is_directory: bool,
}

/// Why a path names no file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// It tries to leave the root: a dot-dot segment, or a byte that no segment holds.
    Traversal,
    /// A hidden name, or an empty one.
    NotFound,
}

/// Reads the path of a target, as it was sent.
pub(crate) fn parse(path: &str) -> Result<RelativePath, Refused> {
    let path = path.strip_prefix('/').ok_or(Refused::NotFound)?;
    let mut relative = PathBuf::new();
    if path.is_empty() {
        return Ok(RelativePath { path: relative, is_directory: true });
    }
    let (path, is_directory) = match path.strip_suffix('/') {
        Some(path) => (path, true),
        None => (path, false),
    };
    let mut refused = None;
    // A traversal anywhere counts, also behind a name that merely does not exist.
    for segment in path.split('/') {
        let segment = percent_decode(segment.as_bytes());
        match check(&segment) {
            Err(Refused::Traversal) => return Err(Refused::Traversal),
            Err(Refused::NotFound) => refused = Some(Refused::NotFound),
            Ok(()) => relative.push(Path::new(OsStr::from_bytes(&segment))),
        }
    }
    refused.map_or(Ok(RelativePath { path: relative, is_directory }), Err)
}

fn check(segment: &[u8]) -> Result<(), Refused> {
    match segment {
        b".." => Err(Refused::Traversal),
        _ if segment.iter().any(|byte| matches!(byte, b'/' | b'\\' | 0)) => Err(Refused::Traversal),
        // RFC 8615: the one dotted name that is meant to be seen.
        b".well-known" => Ok(()),
        [] | [b'.', ..] => Err(Refused::NotFound),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        for (text, expected) in [
            ("/", Ok(("", true))),
            ("/a", Ok(("a", false))),
            ("/a/", Ok(("a", true))),
            ("/a/b.c", Ok(("a/b.c", false))),
            ("/%61%20b", Ok(("a b", false))),
            ("/a%2525", Ok(("a%25", false))),
            ("/...a", Err(Refused::NotFound)),
            ("/.well-known/x", Ok((".well-known/x", false))),
            ("/.git/config", Err(Refused::NotFound)),
            ("/a/.b", Err(Refused::NotFound)),
            ("/%2eb", Err(Refused::NotFound)),
            ("/./a", Err(Refused::NotFound)),
            ("//a", Err(Refused::NotFound)),
            ("/a//b", Err(Refused::NotFound)),
            ("//", Err(Refused::NotFound)),
            ("", Err(Refused::NotFound)),
            ("/..", Err(Refused::Traversal)),
            ("/../a", Err(Refused::Traversal)),
            ("/a/../../b", Err(Refused::Traversal)),
            ("/.a/../b", Err(Refused::Traversal)),
            ("/%2e%2e/a", Err(Refused::Traversal)),
            ("/.%2E/a", Err(Refused::Traversal)),
            ("/..%2fa", Err(Refused::Traversal)),
            ("/a%2fb", Err(Refused::Traversal)),
            ("/%2fetc/passwd", Err(Refused::Traversal)),
            ("/a%5cb", Err(Refused::Traversal)),
            ("/a%00.html", Err(Refused::Traversal)),
            ("/%252e%252e/a", Ok(("%2e%2e/a", false))),
        ] {
            let found = parse(text).map(|found| (found.path, found.is_directory));
            let expected = expected.map(|(path, is_directory)| (PathBuf::from(path), is_directory));
            assert_eq!(found, expected, "{text}");
        }
    }
}
