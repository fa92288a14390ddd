//! What clients say, and an application that answers it.

use std::{fs, path::Path, sync::OnceLock};

use super::lots::Lots;
use crate::{demo::Demo, files::Site, http::limits::Limits};

/// Small, so that schedules reach them.
pub fn limits() -> Limits {
    Limits {
        head_len_max: 4 * 1024,
        body_len_max: 300 * 1024,
        output_len_max: 4 * 1024,
        pipelined_max: 8,
        ..Limits::default()
    }
}

/// A site of one large file, in this folder.
pub fn site(folder: &str) -> Site {
    static SITE: OnceLock<Site> = OnceLock::new();
    let make = || {
        let root = Path::new(folder).join("simulation");
        fs::create_dir_all(&root).expect("a folder");
        let bytes: Vec<u8> = (0..200_000_u32).map(|at| (at % 251).to_le_bytes()[0]).collect();
        fs::write(root.join("large.bin"), bytes).expect("a file");
        Site::directory(&root).expect("a site")
    };
    SITE.get_or_init(make).clone()
}

/// The demonstration application with that site: level 1's, which answers for all.
pub fn demo(folder: &str) -> Demo {
    Demo::new(site(folder), limits().body_len_max)
}

/// One conversation's worth of requests, some of them bad.
pub fn conversation(lots: &mut Lots) -> Vec<u8> {
    (0..=lots.below(6)).flat_map(|_| request(lots)).collect()
}

fn request(lots: &mut Lots) -> Vec<u8> {
    let len = *lots.one_of(&[0, 1, 10, 1000, 20_000, 250_000, 400_000]);
    match lots.below(16) {
        0..4 => b"GET /hello HTTP/1.1\r\nHost: test\r\n\r\n".to_vec(),
        4 => b"GET /hello HTTP/1.1\r\nHost: test\r\n\r\n".repeat(100),
        5..7 => sized(len, ""),
        7 => sized(len, "Expect: 100-continue\r\n"),
        8..10 => chunked(len, 1 + lots.below(30_000)),
        10..12 => b"GET /large.bin HTTP/1.1\r\nHost: test\r\n\r\n".to_vec(),
        12 => b"HEAD /large.bin HTTP/1.1\r\nHost: test\r\n\r\n".to_vec(),
        13 => b"POST /hello HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\nhello".to_vec(),
        14 => b"GET /none HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n".to_vec(),
        _ => b"GET / HTTP/1.1\r\nHost : test\r\n\r\n".to_vec(),
    }
}

fn content(len: usize) -> impl Iterator<Item = u8> {
    (0..len).map(|at| b'a' + (at % 23).to_le_bytes()[0])
}

fn sized(len: usize, field: &str) -> Vec<u8> {
    let head = format!("POST /echo HTTP/1.1\r\nHost: test\r\n{field}Content-Length: {len}\r\n\r\n");
    head.into_bytes().into_iter().chain(content(len)).collect()
}

fn chunked(len: usize, chunk_len: usize) -> Vec<u8> {
    let mut bytes =
        b"POST /echo HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    let content: Vec<u8> = content(len).collect();
    for chunk in content.chunks(chunk_len) {
        bytes.extend(format!("{:x}\r\n", chunk.len()).bytes());
        bytes.extend(chunk);
        bytes.extend(b"\r\n");
    }
    bytes.extend(b"0\r\n\r\n");
    bytes
}
