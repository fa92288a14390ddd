//! The address of a listener: `host:port`, `[v6]:port` or `unix:PATH`.
//!
//! The text is checked for shape only. A name is looked up, and a path is bound, when the
//! socket is opened; whether a port is free is known no earlier.

use std::fmt;
use std::net::{Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

/// Where a listener can be reached.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Address {
    /// A TCP port.
    Tcp {
        /// A name, an IPv4 address, or an IPv6 address without its brackets.
        host: String,
        /// Zero lets the kernel choose.
        port: u16,
    },
    /// A Unix socket in the file system.
    Unix(PathBuf),
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { host, port } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Tcp { host, port } => write!(f, "{host}:{port}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

impl From<SocketAddr> for Address {
    fn from(address: SocketAddr) -> Self {
        Self::Tcp { host: address.ip().to_string(), port: address.port() }
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        match text.strip_prefix("unix:") {
            Some("") => Err(AddressError::NoPath(text.to_owned())),
            Some(path) => Ok(Self::Unix(path.into())),
            None => tcp(text),
        }
    }
}

fn tcp(text: &str) -> Result<Address, AddressError> {
    if text.parse::<Ipv6Addr>().is_ok() {
        return Err(AddressError::NoBrackets(text.to_owned()));
    }
    let alone = text.strip_prefix(':').unwrap_or(text);
    if is_number(alone) {
        return Err(AddressError::NoHost { text: text.to_owned(), port: alone.to_owned() });
    }
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port),
        _ if is_host(text) || text.ends_with(']') => {
            return Err(AddressError::NoPort(text.to_owned()));
        }
        _ => return Err(AddressError::Syntax(text.to_owned())),
    };
    let host = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(v6) => v6.parse::<Ipv6Addr>().ok().map(|address| address.to_string()),
        None => is_host(host).then(|| host.to_owned()),
    };
    let host = host.ok_or_else(|| AddressError::Syntax(text.to_owned()))?;
    Ok(Address::Tcp { host, port: parse_port(port, text)? })
}

/// An IPv4 address or a name, by the characters it is made of.
fn is_host(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    !text.is_empty() && text.bytes().all(allowed)
}

fn parse_port(port: &str, text: &str) -> Result<u16, AddressError> {
    // The standard parser also takes a plus sign.
    let number = if is_number(port) { port.parse().ok() } else { None };
    number.ok_or_else(|| AddressError::Port(text.to_owned()))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Why a text is not an [`Address`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// None of the three forms.
    #[error("'{0}' is not an address: write host:port, [v6]:port or unix:PATH")]
    Syntax(String),
    /// A port alone.
    #[error("'{text}' has no host: write 127.0.0.1:{port}, or 0.0.0.0:{port} to be reached by all")]
    NoHost {
        /// What was written.
        text: String,
        /// The port in it.
        port: String,
    },
    /// A host alone.
    #[error("'{0}' has no port: write {0}:8000, for example")]
    NoPort(String),
    /// A port that is not a number, or too large a one.
    #[error("'{0}' has no valid port: write a number up to 65535 after the last colon")]
    Port(String),
    /// An IPv6 address whose last group cannot be told from a port.
    #[error("'{0}' has no brackets and no port: write [{0}]:8000, for example")]
    NoBrackets(String),
    /// `unix:` alone.
    #[error("'{0}' names no socket: write unix:PATH, such as unix:/run/server.sock")]
    NoPath(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_back() {
        let tcp = |host: &str, port| Address::Tcp { host: host.to_owned(), port };
        let cases = [
            ("127.0.0.1:8001", tcp("127.0.0.1", 8001), "127.0.0.1:8001"),
            ("localhost:0", tcp("localhost", 0), "localhost:0"),
            ("my_host.example:0080", tcp("my_host.example", 80), "my_host.example:80"),
            ("[::1]:65535", tcp("::1", 65535), "[::1]:65535"),
            ("[0:0:0:0:0:0:0:0]:80", tcp("::", 80), "[::]:80"),
            (
                "unix:/run/a+b:1.sock",
                Address::Unix("/run/a+b:1.sock".into()),
                "unix:/run/a+b:1.sock",
            ),
            ("unix:relative", Address::Unix("relative".into()), "unix:relative"),
        ];
        for (text, address, canonical) in cases {
            assert_eq!(text.parse().as_ref(), Ok(&address), "{text}");
            assert_eq!(address.to_string(), canonical);
            assert_eq!(canonical.parse(), Ok(address), "{canonical}");
        }
    }

    #[test]
    fn refuses_what_is_not_an_address() {
        let syntax = "is not an address: write host:port, [v6]:port or unix:PATH";
        let port = "has no valid port: write a number up to 65535 after the last colon";
        let cases = [
            ("", syntax),
            (":", syntax),
            ("http://localhost:80", syntax),
            ("a b:80", syntax),
            ("::1:80:x", syntax),
            ("[::1:80", syntax),
            ("[localhost]:80", syntax),
            ("[]:80", syntax),
            ("8001", "has no host: write 127.0.0.1:8001, or 0.0.0.0:8001 to be reached by all"),
            (":80", "has no host: write 127.0.0.1:80, or 0.0.0.0:80 to be reached by all"),
            ("localhost", "has no port: write localhost:8000, for example"),
            ("[::1]", "has no port: write [::1]:8000, for example"),
            ("::1", "has no brackets and no port: write [::1]:8000, for example"),
            ("localhost:", port),
            ("localhost:+80", port),
            ("localhost:65536", port),
            ("localhost:http", port),
            ("unix:", "names no socket: write unix:PATH, such as unix:/run/server.sock"),
        ];
        for (text, complaint) in cases {
            let error = text.parse::<Address>().expect_err(text);
            assert_eq!(error.to_string(), format!("'{text}' {complaint}"));
        }
    }
}
