//! Level 1: a complete HTTP/1.1 server that serves one client at a time.

pub mod http;
