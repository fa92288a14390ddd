//! Bodies of any size, in little memory.

use std::{
    fs::{self, File},
    io::{ErrorKind, Read as _, Write as _},
    net::TcpStream,
    thread,
};

use level1_blocking::conformance::process::Server;

const BINARY: &str = env!("CARGO_BIN_EXE_level4-hybrid");

const MIB: u64 = 1024 * 1024;

/// Bytes that are more than any buffer, and more than 32 bits count.
const LEN: u64 = 4096 * MIB;

/// The most memory the server has had, in bytes.
fn peak_memory(server: &Server) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", server.id())).expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a line");
    let digits = line.trim().trim_end_matches(" kB");
    digits.parse::<u64>().expect("a number") * 1024
}

fn head_of(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).expect("a head");
        head.push(byte[0]);
    }
    String::from_utf8(head).expect("ASCII")
}

/// Reads `len` bytes, which are zeros.
fn read_zeros(stream: &mut TcpStream, len: u64) {
    let (mut piece, mut left) = (vec![0; 1024 * 1024], len);
    while left > 0 {
        let room = usize::try_from(left).unwrap_or(usize::MAX).min(piece.len());
        let len = stream.read(&mut piece[..room]).expect("the rest of the body");
        assert!(len > 0 && piece[..len].iter().all(|byte| *byte == 0), "{left} bytes are left");
        left -= len as u64;
    }
}

#[test]
fn four_gibibytes_down_and_up_take_little_memory() {
    let root = tempfile::tempdir().expect("a folder");
    File::create(root.path().join("large")).and_then(|file| file.set_len(LEN)).expect("a file");
    let root = root.path().display().to_string();
    let server = Server::start(BINARY, &["--workers", "1", "--root", &root, "--max-body", "8GiB"]);

    let mut stream = TcpStream::connect(server.address()).expect("it listens");
    stream.write_all(b"GET /large HTTP/1.1\r\nHost: test\r\n\r\n").expect("sent");
    assert!(head_of(&mut stream).contains(&format!("Content-Length: {LEN}\r\n")));
    read_zeros(&mut stream, LEN);

    let head = format!("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: {LEN}\r\n\r\n");
    stream.write_all(head.as_bytes()).expect("sent");
    let mut sender = stream.try_clone().expect("a descriptor");
    let upload = thread::spawn(move || {
        let piece = vec![0; 1024 * 1024];
        (0..LEN / MIB).for_each(|_| sender.write_all(&piece).expect("it is read"));
    });
    assert!(head_of(&mut stream).contains(&format!("Content-Length: {LEN}\r\n")));
    read_zeros(&mut stream, LEN);
    upload.join().expect("all was sent");
    assert!(peak_memory(&server) < 32 * MIB, "{} KiB", peak_memory(&server) / 1024);
}

#[test]
fn a_client_that_reads_half_as_often_as_it_writes_gets_its_echo() {
    const LEN: usize = 64 * 1024 * 1024;
    const PIECE: usize = 64 * 1024;
    let server = Server::start(BINARY, &["--max-body", "64MiB"]);
    let mut stream = TcpStream::connect(server.address()).expect("it listens");
    let head = format!("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: {LEN}\r\n\r\n");
    stream.write_all(head.as_bytes()).expect("sent");
    let byte_at = |at: usize| (at % 251).to_le_bytes()[0];
    let bytes: Vec<u8> = (0..LEN).map(byte_at).collect();
    let (mut sent, mut received, mut turn) = (0, Vec::new(), 0_u32);
    let mut piece = vec![0; PIECE];
    while sent < LEN {
        stream.set_nonblocking(true).expect("a socket");
        match stream.write(&bytes[sent..(sent + PIECE).min(LEN)]) {
            Ok(len) => sent += len,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => panic!("{error}"),
        }
        turn += 1;
        if turn.is_multiple_of(2) {
            match stream.read(&mut piece) {
                Ok(len) => received.extend_from_slice(&piece[..len]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => panic!("{error}"),
            }
        }
    }
    stream.set_nonblocking(false).expect("a socket");
    let head_len =
        |received: &[u8]| received.windows(4).position(|end| end == b"\r\n\r\n").map(|at| at + 4);
    while head_len(&received).is_none_or(|len| received.len() < len + LEN) {
        let len = stream.read(&mut piece).expect("the rest");
        assert!(len > 0, "the answer ends early");
        received.extend_from_slice(&piece[..len]);
    }
    let body = &received[head_len(&received).expect("a head")..];
    assert!(body == bytes);
    assert!(peak_memory(&server) < 32 * MIB, "{} KiB", peak_memory(&server) / 1024);
}
