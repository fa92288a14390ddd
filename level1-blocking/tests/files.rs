//! Files of a directory, as a client gets them and as an attacker does not.

use std::{fs, os::unix::fs::symlink, path::Path};

use level1_blocking::conformance::process::Server;
use rustix::fs::{CWD, FileType, Mode, mknodat};

const BINARY: &str = env!("CARGO_BIN_EXE_level1-blocking");

/// A site beside a secret, and links that lead from one to the other.
fn site(folder: &Path) -> String {
    let root = folder.join("site");
    fs::create_dir_all(root.join("sub/deep")).expect("a folder");
    fs::create_dir_all(root.join(".git")).expect("a folder");
    fs::create_dir_all(folder.join("site-secret")).expect("a folder");
    for (name, content) in [
        ("site/index.html", "<p>home"),
        ("site/sub/index.html", "<p>sub"),
        ("site/sub/a b.txt", "space"),
        ("site/.git/config", "SECRET"),
        ("site/data.bin", "\0\u{1}\u{2}"),
        ("site-secret/key", "SECRET"),
        ("secret", "SECRET"),
    ] {
        fs::write(folder.join(name), content).expect("a file");
    }
    fs::write(root.join("empty.txt"), "").expect("a file");
    let large: Vec<u8> = (0..5_000_000_u32).flat_map(u32::to_le_bytes).take(5_000_001).collect();
    fs::write(root.join("large.bin"), large).expect("a file");
    symlink(folder.join("secret"), root.join("link-out")).expect("a link");
    symlink("../site-secret", root.join("link-beside")).expect("a link");
    symlink("sub/index.html", root.join("link-in")).expect("a link");
    mknodat(CWD, root.join("fifo"), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).expect("a FIFO");
    root.display().to_string()
}

#[test]
fn files_are_served_with_type_length_and_date() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(BINARY, &["--root", &site(folder.path())]);
    for (path, status, media_type, len) in [
        ("/", 200, "text/html; charset=utf-8", 7),
        ("/index.html", 200, "text/html; charset=utf-8", 7),
        ("/?query=1", 200, "text/html; charset=utf-8", 7),
        ("/sub/", 200, "text/html; charset=utf-8", 6),
        ("/sub/a%20b.txt", 200, "text/plain; charset=utf-8", 5),
        ("/%73ub/", 200, "text/html; charset=utf-8", 6),
        ("/data.bin", 200, "application/octet-stream", 3),
        ("/empty.txt", 200, "text/plain; charset=utf-8", 0),
        ("/large.bin", 200, "application/octet-stream", 5_000_001),
        ("/link-in", 200, "text/html; charset=utf-8", 6),
    ] {
        let answer = server.connect().get(path);
        assert_eq!((answer.status(), answer.body.len()), (status, len), "{path}");
        assert_eq!(answer.field("Content-Type"), Some(media_type), "{path}");
        assert!(answer.field("Last-Modified").is_some_and(|date| date.ends_with(" GMT")), "{path}");
        let mut client = server.connect();
        client.send(format!("HEAD {path} HTTP/1.1\r\nHost: test\r\n\r\n"));
        client.finish();
        let head = String::from_utf8(client.read_to_end()).expect("text");
        assert!(head.contains(&format!("\r\nContent-Length: {len}\r\n")), "{path}: {head}");
        assert!(head.ends_with("\r\n\r\n"), "{path}: HEAD has no body");
    }
    let large = server.connect().get("/large.bin").body;
    assert!(large == fs::read(folder.path().join("site/large.bin")).expect("a file"));
}

#[test]
fn a_directory_is_redirected_to_its_slash() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(BINARY, &["--root", &site(folder.path())]);
    for (path, status, location) in [
        ("/sub", 308, Some("/sub/")),
        ("/sub?a=/b", 308, Some("/sub/?a=/b")),
        ("/sub/deep/", 404, None),
        ("/index.html/", 404, None),
        ("//sub", 404, None),
    ] {
        let answer = server.connect().get(path);
        assert_eq!((answer.status(), answer.field("Location")), (status, location), "{path}");
    }
}

#[test]
fn nothing_outside_the_root_and_nothing_hidden_is_served() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(BINARY, &["--root", &site(folder.path())]);
    for (path, status) in [
        ("/../secret", 403),
        ("/sub/../../secret", 403),
        ("/%2e%2e/secret", 403),
        ("/..%2fsecret", 403),
        ("/%2e%2e%2fsecret", 403),
        ("/..%5csecret", 403),
        ("/../site-secret/key", 403),
        ("/link-out", 403),
        ("/link-beside/key", 403),
        ("/sub%00.html", 403),
        ("/%252e%252e/secret", 404),
        ("/.git/config", 404),
        ("/%2egit/config", 404),
        ("/fifo", 404),
        ("/missing", 404),
        ("/index.html/x", 404),
    ] {
        let answer = server.connect().get(path);
        assert_eq!(answer.status(), status, "{path}");
        assert!(!answer.text().contains("SECRET"), "{path}");
        if status == 403 {
            let line = server.diagnostic("path traversal refused");
            assert!(line.contains("client=127.0.0.1") && line.contains(path), "{path}: {line}");
        }
    }
    let long = format!("/{}", "a".repeat(5000));
    assert_eq!(server.connect().get(&long).status(), 404);
}

#[test]
fn a_file_that_shrinks_while_it_is_sent_breaks_the_connection() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("site/shrinking.bin");
    let server = Server::start(BINARY, &["--root", &site(folder.path())]);
    // Longer than all buffers on the way, so that its end is not sent yet when it is cut.
    let len = 64 * 1024 * 1024;
    fs::File::create(&file).expect("a file").set_len(len).expect("a length");
    let mut client = server.connect();
    client.send("GET /shrinking.bin HTTP/1.1\r\nHost: test\r\n\r\n");
    let head = client.receive_head();
    assert!(head.contains(&format!("Content-Length: {len}")), "{head}");
    fs::OpenOptions::new().write(true).open(&file).expect("a file").set_len(10).expect("a length");
    let received_len = client.read_to_end().len() as u64;
    assert!(received_len < len, "the client sees that it is incomplete");
    let line = server.logged("/shrinking.bin");
    assert!(!line.contains(&format!(" {len} ")), "the log tells how much was sent: {line}");
    assert_eq!(server.connect().get("/").status(), 200);
}

#[test]
fn the_directory_may_bring_its_own_404_page() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = site(folder.path());
    let server = Server::start(BINARY, &["--root", &root]);
    assert!(server.connect().get("/missing").text().contains("<title>404"));
    fs::write(Path::new(&root).join("404.html"), "<p>own").expect("a file");
    let answer = server.connect().get("/missing");
    assert_eq!((answer.status(), answer.text().as_str()), (404, "<p>own"));
}
