//! Allocations of a request on a connection that stays open, once the buffers are there.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::Arc,
};

use level1_blocking::{
    access_log::Client, demo::Demo, files::Site, http::limits::Limits, stop::Stop,
};
use level2_threads::metrics::Metrics;
use level4_hybrid::{
    application::{Application, Shared},
    blocking::Pool,
    demo::Hybrid,
    driver,
    stream::Socket,
};
use tokio::{
    runtime::{Builder, Runtime},
    task,
};

const REQUESTS: u64 = 100;

/// A connection whose both ends are served by this thread, so that all allocations are counted.
struct Loopback {
    runtime: Runtime,
    client: TcpStream,
}

impl Loopback {
    fn new(site: Site) -> Self {
        let metrics = Metrics::new().expect("memory");
        let pool = Pool::start(1, 10, metrics).expect("a thread");
        let handler = Arc::new(Hybrid::new(Demo::new(site, 1000), &pool));
        let application = Application { handler, limits: Arc::new(Limits::default()) };
        let stop = Arc::new(Stop::new(application.limits.drain_timeout));
        let shared = Arc::new(Shared::new(application.clone(), pool, metrics, stop));
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("bound");
        let client = TcpStream::connect(address).expect("it listens");
        client.set_nonblocking(true).expect("a socket");
        let (server, _) = listener.accept().expect("a client");
        server.set_nonblocking(true).expect("a socket");
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.spawn(async move {
            let socket = Socket::Tcp(server.try_into().expect("a runtime"));
            driver::serve(socket, Client::Local, application, shared).await;
        });
        Self { runtime, client }
    }

    /// Asks for this path again and again.
    fn ask(&mut self, path: &str, end: &[u8], times: u64) {
        let request = format!("GET {path} HTTP/1.1\r\nHost: test\r\n\r\n");
        let Self { runtime, client } = self;
        runtime.block_on(async {
            for _ in 0..times {
                client.write_all(request.as_bytes()).expect("sent");
                let mut answer = [0; 4096];
                let len = loop {
                    task::yield_now().await;
                    if let Ok(len) = client.read(&mut answer) {
                        break len;
                    }
                };
                assert!(answer[..len].ends_with(end), "{}", answer[..len].escape_ascii());
            }
        });
    }
}

#[test]
fn a_request_allocates_next_to_nothing() {
    let root = tempfile::tempdir().expect("a folder");
    fs::write(root.path().join("small.txt"), "small").expect("written");
    let mut loopback = Loopback::new(Site::directory(root.path()).expect("a site"));
    for (path, end, allocations_max) in
        [("/hello", &b"Hello, World!\n"[..], 0), ("/small.txt", b"small", 2)]
    {
        loopback.ask(path, end, 3);
        // A file is looked up once a second, which is more: the quietest of a few runs counts.
        let run = |_| allocation_counter::measure(|| loopback.ask(path, end, REQUESTS)).count_total;
        let count = (0..3).map(run).min().expect("three runs");
        // The test's own request, and whatever the runtime takes when it is entered.
        let most = 10 + allocations_max * REQUESTS;
        assert!(count <= most, "{path}: {count} for {REQUESTS} requests");
    }
}
