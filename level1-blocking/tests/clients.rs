//! Real programs as clients: what a person sees who tries the server.

use std::{fs, process::Command};

use level1_blocking::conformance::process::Server;

const BINARY: &str = env!("CARGO_BIN_EXE_level1-blocking");

/// Runs a program to its end; its standard output.
fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    let output = output.unwrap_or_else(|error| {
        panic!("cannot run {program} ({error}): `sh .ci/setup` installs what the tests need")
    });
    let (stdout, stderr) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(
        output.status.success(),
        "{program} {arguments:?}: {}\n{stdout}\n{stderr}",
        output.status
    );
    stdout.into_owned()
}

fn curl(arguments: &[&str]) -> String {
    run("curl", &[&["--silent", "--show-error", "--max-time", "20"], arguments].concat())
}

#[test]
fn curl_gets_the_site_in_either_version() {
    let server = Server::start(BINARY, &[]);
    for version in ["--http1.1", "--http1.0"] {
        let page = curl(&[version, "--include", &server.url("/")]);
        assert!(page.starts_with("HTTP/1.1 200 OK\r\n"), "{page}");
        assert!(page.contains("Content-Type: text/html; charset=utf-8\r\n"), "{page}");
        assert!(page.ends_with("</html>\n"), "{page}");
    }
    assert_eq!(curl(&[&server.url("/hello")]), "Hello, World!\n");
    let missing = curl(&["--include", &server.url("/no/such/page")]);
    assert!(missing.starts_with("HTTP/1.1 404 Not Found\r\n") && missing.contains("<title>404"));
    let head = curl(&["--head", &server.url("/style.css")]);
    assert!(head.contains("Content-Type: text/css; charset=utf-8\r\n"), "{head}");
}

#[test]
fn curl_gets_back_what_it_posts() {
    let server = Server::start(BINARY, &[]);
    let folder = tempfile::tempdir().expect("a folder");
    let (sent, received) = (folder.path().join("sent"), folder.path().join("received"));
    let bytes: Vec<u8> = (0..3_000_000_u32).map(|at| (at % 251).to_le_bytes()[0]).collect();
    fs::write(&sent, &bytes).expect("a file");
    let (data, output) = (format!("@{}", sent.display()), received.display().to_string());
    for how in ["Content-Length: 3000000", "Transfer-Encoding: chunked", "Expect: 100-continue"] {
        curl(&["--header", how, "--data-binary", &data, "--output", &output, &server.url("/echo")]);
        assert!(fs::read(&received).expect("a file") == bytes, "{how}");
    }
}

#[test]
fn netcat_pipelines() {
    let server = Server::start(BINARY, &[]);
    let request = r"GET /hello HTTP/1.1\r\nHost: test\r\n\r\n";
    let (host, port) = (server.address().ip().to_string(), server.address().port().to_string());
    let script = format!(
        "printf '{request}{request}HEAD / HTTP/1.1\\r\\nHost: a b\\r\\n\\r\\n' | nc -q 5 {host} {port}"
    );
    let answers = run("sh", &["-c", &script]);
    assert_eq!(answers.matches("HTTP/1.1 200 OK\r\n").count(), 2, "{answers}");
    assert_eq!(answers.matches("Hello, World!\n").count(), 2, "{answers}");
    assert!(
        answers.contains("HTTP/1.1 400 Bad Request\r\n") && answers.ends_with("\r\n\r\n"),
        "{answers}"
    );
}

#[test]
fn wget_mirrors_the_site() {
    let server = Server::start(BINARY, &[]);
    let folder = tempfile::tempdir().expect("a folder");
    let prefix = format!("--directory-prefix={}", folder.path().display());
    let flags = ["--quiet", "--no-host-directories", "--page-requisites", &prefix];
    run("wget", &[&flags[..], &[&server.url("/")]].concat());
    for name in ["index.html", "style.css", "favicon.svg"] {
        let fetched = fs::read(folder.path().join(name)).expect(name);
        let original = fs::read(format!("{}/www/{name}", env!("CARGO_MANIFEST_DIR"))).expect(name);
        assert!(fetched == original, "{name}");
    }
}

#[test]
fn a_browser_shows_the_site() {
    let server = Server::start(BINARY, &[]);
    let profile = tempfile::tempdir().expect("a folder");
    let picture = profile.path().join("page.png");
    let (profile_flag, picture_flag) = (
        format!("--user-data-dir={}", profile.path().display()),
        format!("--screenshot={}", picture.display()),
    );
    let flags = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--window-size=1280,900",
        &profile_flag,
    ];
    let page = run("chromium", &[&flags[..], &["--dump-dom", &server.url("/")]].concat());
    assert!(page.contains("</main>") && page.contains("level6-framework"), "{page}");
    run("chromium", &[&flags[..], &[&picture_flag, &server.url("/")]].concat());
    let png = fs::read(&picture).expect("a picture");
    assert!(png.starts_with(b"\x89PNG") && png.len() > 20_000, "a page, not a blank");
    // The style sheet came too, and with a type that a browser applies.
    let line = server.logged("GET /style.css");
    assert!(line.contains(" 200 ") && line.contains("Chrome"), "{line}");
}

#[test]
fn the_access_log_tells_each_request_and_cannot_be_forged() {
    let request = "GET /hello?a=1 HTTP/1.1\r\nHost: test\r\nUser-Agent: a\"b\\c\u{e9}\r\nReferer: http://r/\r\n\r\n";
    let combined = Server::start(BINARY, &[]);
    combined.exchange(request.as_bytes());
    let line = combined.logged("/hello");
    assert!(line.starts_with("127.0.0.1 - - ["), "{line}");
    let end = r#"] "GET /hello?a=1 HTTP/1.1" 200 14 "http://r/" "a\"b\\c\xc3\xa9""#;
    assert!(line.ends_with(end), "{line}");

    let json = Server::start(BINARY, &["--log", "json"]);
    json.exchange(request.as_bytes());
    let line = json.logged("/hello");
    for part in [
        r#""client":"127.0.0.1""#,
        r#""method":"GET""#,
        r#""request_target":"/hello?a=1""#,
        r#""status":200"#,
        r#""body_len":14"#,
        r#""user_agent":"a\\\"b\\\\c\\xc3\\xa9""#,
    ] {
        assert!(line.contains(part), "{part} in {line}");
    }
}
