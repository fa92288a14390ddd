//! Level 1: a complete HTTP/1.1 server that serves one client at a time.
//!
//! It holds what all levels share: the protocol core ([`http`]), static files ([`files`]),
//! the application they serve ([`demo`]) and their options ([`options`]). Its own idea is the
//! smallest possible driver, [`serve`]: one thread, which waits in `accept` and in `read`.

#[cfg(not(target_os = "linux"))]
compile_error!("these servers are written for Linux: its epoll, sendfile, openat2 and signals");

pub mod http;
pub mod handler;
pub mod files;
pub mod options;
pub mod access_log;
pub mod logging;
pub mod stop;
pub mod listen;
pub mod observer;
pub mod session;
pub mod demo;
pub mod serve;
pub mod program;
#[cfg(feature = "conformance")]
pub mod conformance;
