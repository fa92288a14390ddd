//! All levels over the loopback interface, one client at a time: how long an exchange takes on
//! a new connection, on one that is kept, sixteen at once, and for a file of 10 KiB.
//!
//! A group is a report in which the levels are overlaid: see
//! `target/criterion/report/index.html`. What many clients do to a level is the race's part.

use std::{
    fs,
    io::{self, Read as _, Write as _},
    net::TcpStream,
    path::PathBuf,
    time::Duration,
};

use benches::race::{
    binaries::Binaries,
    contender::{CONTENDERS, Connections, Contender},
    cores::Placement,
    load::{exchange::Exchange, tally::Outcome},
    server::Server,
};
use criterion::{
    BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main, measurement::WallTime,
};

/// What a group asks for.
struct Work {
    group: &'static str,
    path: &'static str,
    body: Vec<u8>,
    batch: usize,
    keeps_connection: bool,
}

/// The site that the servers serve.
const SITE: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/site");

fn levels(criterion: &mut Criterion) {
    let file = b"0123456789abcde\n".repeat(640);
    fs::create_dir_all(SITE).expect("a directory");
    fs::write(format!("{SITE}/10k.txt"), &file).expect("a file");
    let binaries = Binaries { race: PathBuf::from(env!("CARGO_BIN_EXE_race")) };
    let packages = CONTENDERS.iter().map(|contender| contender.package);
    binaries.build(packages).expect("the servers can be built");
    let core = Placement::choose().server_core();

    let hello = |group, batch, keeps_connection| Work {
        group,
        path: "/hello",
        body: b"Hello, World!\n".to_vec(),
        batch,
        keeps_connection,
    };
    let file = Work { path: "/10k.txt", body: file, ..hello("file_10k", 1, true) };
    let works = [
        hello("new_connection", 1, false),
        hello("keep_alive", 1, true),
        hello("pipelined", 16, true),
        file,
    ];
    for work in works {
        let mut group = criterion.benchmark_group(work.group);
        group.throughput(Throughput::Elements(work.batch as u64));
        group.warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2));
        for contender in CONTENDERS.iter().filter(|contender| work.suits(contender)) {
            let flags = ["--root", SITE];
            let server = Server::start(&binaries, contender, core, &flags).expect("a server");
            work.measure(&mut group, contender, &server);
        }
        group.finish();
    }
}

impl Work {
    /// Level 1 takes part as it is with new connections, and with its one client otherwise.
    fn suits(&self, contender: &Contender) -> bool {
        match contender.connections {
            Connections::Kept => true,
            Connections::OneKept => self.keeps_connection,
            Connections::New => !self.keeps_connection,
        }
    }

    fn measure(
        &self,
        group: &mut BenchmarkGroup<'_, WallTime>,
        contender: &Contender,
        server: &Server,
    ) {
        let Self { path, body, batch, keeps_connection, .. } = self;
        let exchange = Exchange::new(server.address, path, body, *batch, *keeps_connection);
        let exchange = exchange.expect("the server answers");
        let mut connection = None;
        group.bench_function(contender.name, |bencher| {
            bencher.iter(|| turn(&exchange, &mut connection).expect("an answer"));
        });
    }
}

/// One exchange, on the connection that is left from the last one if there is one.
fn turn(exchange: &Exchange, connection: &mut Option<TcpStream>) -> io::Result<()> {
    let mut stream = match connection.take() {
        Some(stream) => stream,
        None => connect(exchange)?,
    };
    stream.write_all(&exchange.request)?;
    let mut buffer = [0; 16 * 1024];
    let mut received = 0;
    let outcome = loop {
        let len = poll(&mut stream, &mut buffer)?;
        if let Some(outcome) = exchange.outcome(received, &buffer[..len]) {
            break outcome;
        }
        received += len;
    };
    assert_eq!(outcome, Outcome::Answered);
    *connection = exchange.keeps_connection.then_some(stream);
    Ok(())
}

fn connect(exchange: &Exchange) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(exchange.address)?;
    stream.set_nodelay(true)?;
    stream.set_nonblocking(true)?;
    Ok(stream)
}

/// Reads without sleeping: a client that sleeps must be woken, and the server would pay.
fn poll(stream: &mut TcpStream, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match stream.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            other => return other,
        }
    }
}

criterion_group!(all, levels);
criterion_main!(all);
