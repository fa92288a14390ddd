//! What is to be listened on: each value of the flag, with its name looked up.
//!
//! Which of them get in each other's way is decided here, from the addresses alone; no socket
//! is opened.

use std::{
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    path::Path,
};

use level1_blocking::{
    listen::{self, ListenError},
    options::{address::Address, listen::Listen},
};

/// One value of the flag.
#[derive(Debug)]
pub(super) struct Wanted<'a> {
    pub(super) listen: &'a Listen,
    pub(super) place: Place<'a>,
}

/// Where that is.
#[derive(Debug)]
pub(super) enum Place<'a> {
    /// One address, or all those of a name.
    Tcp(Vec<SocketAddr>),
    Unix(&'a Path),
}

impl<'a> Wanted<'a> {
    pub(super) fn new(listen: &'a Listen) -> Result<Self, ListenError> {
        let place = match &listen.address {
            Address::Unix(path) => Place::Unix(path),
            Address::Tcp { host, port } => {
                let mut addresses = Vec::new();
                for address in listen::addresses(host, *port)? {
                    // A file of host names may give a name the same address twice.
                    if !addresses.contains(&address) {
                        addresses.push(address);
                    }
                }
                Place::Tcp(addresses)
            }
        };
        Ok(Self { listen, place })
    }

    /// Whether only one of the two can be listened on.
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        match (&self.place, &other.place) {
            (Place::Unix(path), Place::Unix(other)) => path == other,
            (Place::Tcp(addresses), Place::Tcp(others)) => {
                let is_taken = |address| others.iter().any(|other| overlap(address, *other));
                addresses.iter().any(|address| is_taken(*address))
            }
            _ => false,
        }
    }

    fn addresses(&self) -> &[SocketAddr] {
        match &self.place {
            Place::Tcp(addresses) => addresses,
            Place::Unix(_) => &[],
        }
    }
}

/// Whether `address` is to leave IPv4 alone: it is `[::]`, and its port has a listener for
/// IPv4 in `all`.
pub(super) fn is_only_v6(address: SocketAddr, all: &[Wanted]) -> bool {
    let mut others = all.iter().flat_map(Wanted::addresses);
    address.ip() == Ipv6Addr::UNSPECIFIED
        && others.any(|other| is_v4(*other) && other.port() == address.port())
}

/// Whether two addresses are the same, or one stands for all of its kind. Port 0 is never
/// the same port twice.
fn overlap(one: SocketAddr, other: SocketAddr) -> bool {
    let [ip, other_ip] = [one, other].map(|address| address.ip().to_canonical());
    let is_all = |ip| ip == Ipv4Addr::UNSPECIFIED || ip == Ipv6Addr::UNSPECIFIED;
    one.port() != 0
        && one.port() == other.port()
        && ip.is_ipv4() == other_ip.is_ipv4()
        && (ip == other_ip || is_all(ip) || is_all(other_ip))
}

/// Whether that is IPv4, as it is or mapped into IPv6 (RFC 4291 §2.5.5.2).
fn is_v4(address: SocketAddr) -> bool {
    address.ip().to_canonical().is_ipv4()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_addresses_overlap_if_one_client_could_mean_both() {
        for (one, other, expected) in [
            ("127.0.0.1:80", "127.0.0.1:80", true),
            ("127.0.0.1:80", "127.0.0.1:81", false),
            ("127.0.0.1:80", "127.0.0.2:80", false),
            ("127.0.0.1:0", "127.0.0.1:0", false),
            ("0.0.0.0:80", "127.0.0.1:80", true),
            ("[::]:80", "[::1]:80", true),
            ("[::1]:80", "[fd00::1]:80", false),
            ("[::]:80", "127.0.0.1:80", false),
            ("[::]:80", "0.0.0.0:80", false),
            ("[::ffff:127.0.0.1]:80", "127.0.0.1:80", true),
        ] {
            let [one, other] = [one, other].map(|text| text.parse().expect(text));
            assert_eq!(overlap(one, other), expected, "{one} {other}");
            assert_eq!(overlap(other, one), expected, "{other} {one}");
        }
    }

    #[test]
    fn only_the_unspecified_address_gives_way_to_ipv4_on_its_port() {
        for (address, listens, expected) in [
            ("[::]:80", &["127.0.0.1:80", "[::]:80"][..], true),
            ("[::]:80", &["[::]:80", "0.0.0.0:80"], true),
            ("[::]:80", &["[::]:80", "[::ffff:127.0.0.1]:80"], true),
            ("[::]:80", &["[::]:80", "127.0.0.1:81"], false),
            ("[::]:80", &["[::]:80", "unix:/run/a"], false),
            ("[::1]:80", &["[::1]:80", "127.0.0.1:80"], false),
            ("127.0.0.1:80", &["127.0.0.1:80"], false),
        ] {
            let listens: Vec<Listen> =
                listens.iter().map(|text| text.parse().expect(text)).collect();
            let wanted: Vec<Wanted> =
                listens.iter().map(|listen| Wanted::new(listen).expect("an address")).collect();
            let is_only_v6 = is_only_v6(address.parse().expect(address), &wanted);
            assert_eq!(is_only_v6, expected, "{address} in {listens:?}");
        }
    }
}
