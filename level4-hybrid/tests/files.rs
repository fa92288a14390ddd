//! Files that are asked for often, and files that change.

use std::{
    fs,
    path::Path,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use level1_blocking::{
    conformance::process::{Server, connect},
    files::Site,
    http::{
        Connection, body::Body, buffers::BufferPool, clock::Clock, head::OwnedHead, limits::Limits,
        response::Response, target::Scheme,
    },
};
use level2_threads::metrics::Metrics;
use level4_hybrid::{
    blocking::Pool,
    hot_files::{HotFiles, LookedUp},
};
use tempfile::TempDir;
use tokio::runtime::Builder;

const BINARY: &str = env!("CARGO_BIN_EXE_level4-hybrid");

const SECOND: Duration = Duration::from_secs(1);

/// The head of a request, as a connection reads it.
fn head(method: &str, path: &str) -> OwnedHead {
    let now = Instant::now();
    let clock = Clock::new(now, SystemTime::now());
    let mut connection = Connection::new(Arc::new(Limits::default()), Scheme::Http, now);
    let bytes = format!("{method} {path} HTTP/1.1\r\nHost: test\r\n\r\n");
    let mut pool = BufferPool::new(1);
    connection.spare(&mut pool)[..bytes.len()].copy_from_slice(bytes.as_bytes());
    connection.received(bytes.len(), &clock);
    connection.head().expect("a whole head").into()
}

/// A site in a folder, and a time of our own.
struct Files {
    root: TempDir,
    hot: HotFiles,
    now: Instant,
}

impl Files {
    fn new() -> Self {
        let root = tempfile::tempdir().expect("a folder");
        let pool = Pool::start(1, 10, Metrics::new().expect("memory")).expect("a thread");
        let site = Site::directory(root.path()).expect("a site");
        Self { root, hot: HotFiles::new(site, pool), now: Instant::now() }
    }

    fn write(&self, name: &str, content: &str) {
        fs::write(self.root.path().join(name), content).expect("written");
    }

    fn at_hand(&self, method: &str, path: &str) -> Option<String> {
        self.hot.at_hand(&head(method, path).head(), self.now).map(text)
    }

    fn look_up(&self, method: &str, path: &str) -> String {
        let runtime = Builder::new_current_thread().build().expect("a runtime");
        let found = runtime.block_on(self.hot.look_up(head(method, path), self.now));
        let LookedUp { response, is_there } = found.expect("looked up");
        assert_eq!(is_there, response.status.code() == 200);
        text(response)
    }
}

/// The body, or the status.
fn text(response: Response) -> String {
    match response.body {
        Body::Bytes(bytes) if response.status.code() == 200 => {
            String::from_utf8(bytes.to_vec()).expect("text")
        }
        Body::File(range) if response.status.code() == 200 => format!("file of {}", range.len),
        _ => response.status.code().to_string(),
    }
}

#[test]
fn a_file_is_at_hand_for_a_second_and_then_looked_up_again() {
    let mut files = Files::new();
    files.write("a.txt", "old");
    assert_eq!(files.at_hand("GET", "/a.txt"), None);
    assert_eq!(files.look_up("GET", "/a.txt"), "old");
    files.write("a.txt", "newer");
    files.now += Duration::from_millis(999);
    assert_eq!(files.at_hand("GET", "/a.txt").as_deref(), Some("old"));
    files.now += Duration::from_millis(1);
    assert_eq!(files.at_hand("GET", "/a.txt"), None);
    assert_eq!(files.look_up("GET", "/a.txt"), "newer");
    assert_eq!(files.at_hand("HEAD", "/a.txt").as_deref(), Some("newer"));
    files.now += SECOND;
    fs::remove_file(files.root.path().join("a.txt")).expect("removed");
    assert_eq!(files.look_up("GET", "/a.txt"), "404");
    assert_eq!(files.at_hand("GET", "/a.txt"), None);
}

#[test]
fn a_file_that_takes_the_place_of_another_is_noticed_although_it_looks_alike() {
    let mut files = Files::new();
    files.write("a.txt", "one");
    assert_eq!(files.look_up("GET", "/a.txt"), "one");
    let modified = fs::metadata(files.root.path().join("a.txt")).and_then(|it| it.modified());
    files.write("b.txt", "two");
    let path = |name: &str| files.root.path().join(name);
    let other = fs::File::options().write(true).open(path("b.txt")).expect("it is there");
    other.set_modified(modified.expect("it has one")).expect("it is ours");
    fs::rename(path("b.txt"), path("a.txt")).expect("renamed");
    files.now += SECOND;
    assert_eq!(files.look_up("GET", "/a.txt"), "two");
}

#[test]
fn a_large_file_is_kept_open_and_a_head_reads_nothing() {
    let files = Files::new();
    files.write("small.txt", "small");
    files.write("large.txt", &"x".repeat(70_000));
    for _ in 0..2 {
        assert_eq!(files.look_up("HEAD", "/small.txt"), "file of 5");
        assert_eq!(files.at_hand("HEAD", "/small.txt"), None, "it was not read");
    }
    assert_eq!(files.look_up("GET", "/large.txt"), "file of 70000");
    assert_eq!(files.at_hand("GET", "/large.txt").as_deref(), Some("file of 70000"));
}

/// Whether this process holds a descriptor of that file.
fn is_open(path: &Path) -> bool {
    let descriptors = fs::read_dir("/proc/self/fd").expect("Linux").filter_map(Result::ok);
    let mut targets = descriptors.filter_map(|descriptor| fs::read_link(descriptor.path()).ok());
    // A deleted file's name is followed by a remark.
    let name = path.to_string_lossy();
    targets.any(|target| target.to_string_lossy().starts_with(&*name))
}

#[test]
fn a_file_is_not_kept_open_for_long_when_nobody_wants_it_or_it_is_gone() {
    let mut files = Files::new();
    let path = |files: &Files, name: &str| files.root.path().join(name);
    for name in ["gone.txt", "unwanted.txt", "other.txt"] {
        files.write(name, &"x".repeat(70_000));
    }
    files.look_up("GET", "/gone.txt");
    files.look_up("GET", "/unwanted.txt");
    assert!(is_open(&path(&files, "gone.txt")) && is_open(&path(&files, "unwanted.txt")));
    fs::remove_file(path(&files, "gone.txt")).expect("removed");
    files.now += SECOND;
    assert_eq!(files.look_up("GET", "/gone.txt"), "404");
    assert!(!is_open(&path(&files, "gone.txt")));
    files.now += 120 * SECOND;
    files.look_up("GET", "/other.txt");
    assert!(!is_open(&path(&files, "unwanted.txt")));
    assert_eq!(files.at_hand("GET", "/other.txt").as_deref(), Some("file of 70000"));
}

#[test]
fn what_is_kept_has_a_bound() {
    let files = Files::new();
    for number in 0..400 {
        let name = format!("{number}.txt");
        files.write(&name, &"x".repeat(65_000));
        files.look_up("GET", &format!("/{name}"));
    }
    let kept = (0..400).filter(|number| files.at_hand("GET", &format!("/{number}.txt")).is_some());
    assert!((200..=256).contains(&kept.count()));
}

#[test]
fn a_hot_file_costs_no_trip_to_the_pool() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).display().to_string();
    let server = Server::start(BINARY, &["--root", &root, "--admin", "127.0.0.1:0"]);
    let line = server.diagnostic("metrics and health on http://");
    let (_, address) = line.split_once("http://").expect("just found");
    let admin = address.trim_end().trim_end_matches('/').parse().expect("an address");
    let mut client = server.connect();
    // Should the second end among these, the file is looked up once more.
    for _ in 0..100 {
        assert_eq!(client.get("/Cargo.toml").status(), 200);
    }
    let figures = connect(admin).get("/metrics").text();
    let prefix = "levels_queue_wait_seconds_count ";
    let count = figures.lines().find_map(|line| line.strip_prefix(prefix)).expect("a figure");
    assert!(count.parse::<u32>().expect("a number") < 50, "{count} trips for 100 requests");
}

#[test]
fn a_file_that_shrinks_while_it_is_sent_ends_the_connection() {
    let root = tempfile::tempdir().expect("a folder");
    let file = fs::File::create(root.path().join("large")).expect("a file");
    file.set_len(64 * 1024 * 1024).expect("a large one");
    let server = Server::start(BINARY, &["--root", &root.path().display().to_string()]);
    let mut client = server.connect();
    client.send("GET /large HTTP/1.1\r\nHost: test\r\n\r\n");
    assert!(client.receive_head().contains("Content-Length: 67108864"));
    file.set_len(100).expect("a small one");
    assert!(client.read_to_end().len() < 64 * 1024 * 1024);
}
