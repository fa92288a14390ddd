//! The protocol core without sockets: heads beside httparse, bodies, whole exchanges.
//!
//! httparse accepts more than HTTP allows and makes a list of slices; the core holds a head to
//! the grammars of RFC 9110, 9112 and 3986, numbers the fields it knows, and decides on Host,
//! framing, persistence and expectation. Both get the same bytes.

use std::hint::black_box;

use benches::{BROWSER, SMALL, memory::Session};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use level1_blocking::http::{head::HeadIndex, limits::Limits, target::Scheme};

fn heads(criterion: &mut Criterion) {
    for (name, bytes) in [("small", SMALL), ("browser", BROWSER)] {
        let mut group = criterion.benchmark_group(format!("head/{name}"));
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        group.bench_function("core", |bencher| {
            let (limits, mut index) = (Limits::default(), HeadIndex::default());
            bencher.iter(|| {
                index.restart();
                index.read(black_box(bytes), &limits, Scheme::Http)
            });
        });
        group.bench_function("httparse", |bencher| {
            bencher.iter(|| {
                let mut fields = [httparse::EMPTY_HEADER; 100];
                let mut request = httparse::Request::new(&mut fields);
                black_box(request.parse(black_box(bytes)).is_ok())
            });
        });
        group.finish();
    }
}

fn bodies(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("body");
    for (name, size) in [("chunks of 64 B", 64), ("chunks of 4 KiB", 4096)] {
        let chunk = [format!("{size:x}\r\n").as_bytes(), &vec![b'x'; size], b"\r\n"].concat();
        let chunks = chunk.repeat(8192 / size);
        let head = b"POST /hello HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
        let request = [&head[..], &chunks, b"0\r\n\r\n"].concat();
        group.throughput(Throughput::Bytes(8192));
        group.bench_function(name, |bencher| {
            let mut session = Session::default();
            bencher.iter(|| session.turn(black_box(&request)));
        });
    }
    group.finish();
}

fn exchanges(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("exchange");
    for (name, bytes, count) in
        [("single", SMALL, 1), ("pipelined by 16", SMALL, 16), ("single, browser", BROWSER, 1)]
    {
        let requests = bytes.repeat(count);
        group.throughput(Throughput::Elements(count as u64));
        group.bench_function(name, |bencher| {
            let mut session = Session::default();
            bencher.iter(|| session.turn(black_box(&requests)));
        });
    }
    group.finish();
}

criterion_group!(core, heads, bodies, exchanges);
criterion_main!(core);
