//! A listener: what is spoken there, and where: `[SCHEME+]ADDR`.
//!
//! Every level reads the same texts and says, with one [`Supported`], which of them it
//! serves; the others are refused with the name of the level that brings them. So a command
//! line learnt at one level reads the same at all.

use std::fmt;
use std::str::FromStr;

use super::address::{Address, AddressError};

/// One value of `--listen`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Listen {
    /// What is spoken.
    pub scheme: Scheme,
    /// Where.
    pub address: Address,
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.scheme {
            Scheme::Plain => write!(f, "{}", self.address),
            scheme => write!(f, "{scheme}+{}", self.address),
        }
    }
}

impl FromStr for Listen {
    type Err = ListenError;

    fn from_str(text: &str) -> Result<Self, ListenError> {
        let (scheme, address) = match text.split_once('+') {
            Some((scheme, address)) if is_scheme(scheme) => (scheme.parse()?, address),
            _ => (Scheme::Plain, text),
        };
        Ok(Self { scheme, address: address.parse()? })
    }
}

/// Whether the text before a plus sign is meant as a scheme: a Unix socket's path may hold
/// a plus sign too, but only after its colon.
fn is_scheme(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// What a listener speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// HTTP on the bare connection.
    Plain,
    /// HTTP inside TLS.
    Tls,
    /// Bare HTTP that only sends its clients to the TLS listener.
    Redirect,
}

impl Scheme {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Plain, Self::Tls, Self::Redirect];

    /// The word before the plus sign.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Tls => "tls",
            Self::Redirect => "redirect",
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Scheme {
    type Err = ListenError;

    fn from_str(text: &str) -> Result<Self, ListenError> {
        let scheme = Self::ALL.into_iter().find(|scheme| scheme.name() == text);
        scheme.ok_or_else(|| ListenError::Scheme(text.to_owned()))
    }
}

/// The listeners a level serves.
///
/// ```
/// use level1_blocking::options::listen::Supported;
///
/// assert!(Supported::PLAIN_TCP.parse("127.0.0.1:8001").is_ok());
/// let error = Supported::PLAIN_TCP.parse("tls+127.0.0.1:8443").unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "this level serves plain connections only; TLS arrives with level5-secure"
/// );
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Supported {
    /// The schemes.
    pub schemes: &'static [Scheme],
    /// Whether Unix sockets are served beside TCP.
    pub unix: bool,
}

impl Supported {
    /// HTTP over TCP and nothing else.
    pub const PLAIN_TCP: Self = Self { schemes: &[Scheme::Plain], unix: false };

    /// HTTP over TCP and over Unix sockets.
    pub const PLAIN: Self = Self { schemes: &[Scheme::Plain], unix: true };

    /// Reads a listener that this level serves: the value parser of its `--listen`.
    ///
    /// # Errors
    ///
    /// When `text` is not a [`Listen`], or is one that another level brings.
    pub fn parse(&self, text: &str) -> Result<Listen, ListenError> {
        let listen = text.parse()?;
        self.check(&listen)?;
        Ok(listen)
    }

    /// Whether this level serves `listen`.
    ///
    /// # Errors
    ///
    /// When it is one that another level brings.
    pub fn check(&self, listen: &Listen) -> Result<(), ListenError> {
        if !self.schemes.contains(&listen.scheme) {
            return Err(ListenError::NotPlain);
        }
        if !self.unix && matches!(listen.address, Address::Unix(_)) {
            return Err(ListenError::Unix);
        }
        Ok(())
    }
}

/// Why a text is not a [`Listen`], or not one for this level.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ListenError {
    /// A word before the plus sign that is no scheme.
    #[error("'{0}' is not a scheme: write plain, tls or redirect before the plus sign")]
    Scheme(String),
    /// What follows the scheme is not an address.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// TLS, or the redirect to it.
    #[error("this level serves plain connections only; TLS arrives with level5-secure")]
    NotPlain,
    /// A Unix socket.
    #[error("this level serves TCP only; Unix sockets arrive with level2-threads")]
    Unix,
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVERYTHING: Supported = Supported { schemes: &Scheme::ALL, unix: true };

    #[test]
    fn reads_and_writes_back() {
        let cases = [
            ("127.0.0.1:8001", Scheme::Plain, "127.0.0.1:8001"),
            ("plain+127.0.0.1:8001", Scheme::Plain, "127.0.0.1:8001"),
            ("tls+[::1]:8443", Scheme::Tls, "tls+[::1]:8443"),
            ("redirect+localhost:80", Scheme::Redirect, "redirect+localhost:80"),
            ("unix:/run/a+b", Scheme::Plain, "unix:/run/a+b"),
            ("tls+unix:/run/a", Scheme::Tls, "tls+unix:/run/a"),
        ];
        for (text, scheme, canonical) in cases {
            let listen = EVERYTHING.parse(text).expect(text);
            assert_eq!(listen.scheme, scheme, "{text}");
            assert_eq!(listen.to_string(), canonical);
            assert_eq!(canonical.parse(), Ok(listen), "{canonical}");
        }
    }

    #[test]
    fn refuses_what_is_not_a_listener() {
        let scheme = "is not a scheme: write plain, tls or redirect before the plus sign";
        let address = "is not an address: write host:port, [v6]:port or unix:PATH";
        let cases = [
            ("http+127.0.0.1:80", format!("'http' {scheme}")),
            ("TLS+127.0.0.1:80", format!("'TLS' {scheme}")),
            ("+127.0.0.1:80", format!("'' {scheme}")),
            ("tls+", format!("'' {address}")),
            ("tls+plain+localhost:80", format!("'plain+localhost:80' {address}")),
        ];
        for (text, complaint) in cases {
            let error = text.parse::<Listen>().expect_err(text);
            assert_eq!(error.to_string(), complaint);
        }
    }

    #[test]
    fn a_level_refuses_what_it_does_not_serve() {
        let tls = "this level serves plain connections only; TLS arrives with level5-secure";
        let unix = "this level serves TCP only; Unix sockets arrive with level2-threads";
        for (supported, text, reason) in [
            (Supported::PLAIN_TCP, "tls+localhost:8443", tls),
            (Supported::PLAIN_TCP, "redirect+localhost:8080", tls),
            (Supported::PLAIN_TCP, "tls+unix:/run/a", tls),
            (Supported::PLAIN_TCP, "unix:/run/a", unix),
            (Supported::PLAIN, "tls+unix:/run/a", tls),
        ] {
            let error = supported.parse(text).expect_err(text);
            assert_eq!(error.to_string(), reason, "{text}");
        }
        assert!(Supported::PLAIN.parse("unix:/run/a").is_ok());
    }
}
