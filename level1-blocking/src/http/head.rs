//! A request head: request line and fields, parsed where they lie (RFC 9112 §3, §5).
//!
//! `HeadIndex` is the parser and its result: offsets, no text. `Head` is the view that
//! handlers get: the same offsets with the bytes they point into. Parsing has three
//! outcomes (whole, partial, refused), and what comes out depends on the bytes alone,
//! never on how they were cut.

use super::{
    authority,
    error::Refusal,
    fields::{FieldTable, Fields},
    framing::{self, Expectation, Framing},
    grammar::{self, LineEnd, TCHAR},
    limits::Limits,
    method::Method,
    name::FieldName,
    target::{Scheme, Target, TargetIndex},
    version::Version,
};

/// Bytes of a field section that are kept to hold the next one against.
const SECTION_LEN_MAX: usize = 2048;

/// A valid request head.
#[derive(Debug, Clone, Copy)]
pub struct Head<'a> {
    bytes: &'a [u8],
    index: &'a HeadIndex,
}

/// A head that outlasts the connection's buffers: for whoever works on its request elsewhere.
#[derive(Debug, Clone)]
pub struct OwnedHead {
    bytes: Vec<u8>,
    index: HeadIndex,
}

impl OwnedHead {
    /// The head.
    pub fn head(&self) -> Head<'_> {
        Head::new(&self.bytes, &self.index)
    }
}

impl From<Head<'_>> for OwnedHead {
    fn from(head: Head<'_>) -> Self {
        Self { bytes: head.bytes.to_vec(), index: head.index.clone() }
    }
}

/// Where a head's parts lie in its bytes, and what the core needs to know of it.
#[derive(Debug, Clone, Default)]
pub struct HeadIndex {
    /// The method, unless only its token tells which.
    method: Option<Method<'static>>,
    target: TargetIndex,
    version: Version,
    fields: FieldTable,
    framing: Framing,
    expectation: Expectation,
    persists: bool,
    /// How long the request line is: where the fields begin.
    line_len: usize,
    /// The bytes that `fields` and what follows from them were read from; empty if those are not
    /// valid or not kept. They may have come over another connection.
    section: Vec<u8>,
    /// The version of the request they came with.
    section_version: Version,
    /// What stood behind the colon of the last Host that was found valid, of whichever connection.
    valid_host: Vec<u8>,
    has_request_line: bool,
    /// How far the bytes of the request line have been looked at.
    looked_at: usize,
}

impl<'a> Head<'a> {
    pub(crate) const fn new(bytes: &'a [u8], index: &'a HeadIndex) -> Self {
        Self { bytes, index }
    }

    /// The request method.
    pub fn method(&self) -> Method<'a> {
        match self.index.method {
            Some(method) => method,
            None => Method::from_token(self.index.target.before(self.bytes)),
        }
    }

    /// The request target.
    pub const fn target(&self) -> Target<'a> {
        Target::new(self.bytes, &self.index.target)
    }

    /// The version the request is treated as.
    pub const fn version(&self) -> Version {
        self.index.version
    }

    /// The header fields.
    pub const fn fields(&self) -> Fields<'a> {
        Fields::new(self.bytes, &self.index.fields)
    }

    /// How the end of the request's body is known.
    pub const fn framing(&self) -> Framing {
        self.index.framing
    }

    /// What the client waits for before it sends the body.
    pub const fn expectation(&self) -> Expectation {
        self.index.expectation
    }

    /// `host[:port]` the request is for: the target's, or Host (RFC 9112 §3.2.2, §3.3).
    /// Empty only in HTTP/1.0.
    pub fn authority(&self) -> &'a str {
        match self.target().authority() {
            "" => self.fields().get(&FieldName::HOST).map(grammar::ascii).unwrap_or_default(),
            authority => authority,
        }
    }
}

impl HeadIndex {
    /// Forgets the last head.
    pub fn restart(&mut self) {
        self.has_request_line = false;
        self.looked_at = 0;
        (self.method, self.version) = (None, Version::Http11);
    }

    /// How the end of the request's body is known.
    pub(crate) const fn framing(&self) -> Framing {
        self.framing
    }

    /// What the client waits for before it sends the body.
    pub(crate) const fn expectation(&self) -> Expectation {
        self.expectation
    }

    /// Whether the client wants the connection to stay open after the answer.
    pub(crate) const fn persists(&self) -> bool {
        self.persists
    }

    /// Whether the method is HEAD, as far as it has been read.
    pub(crate) const fn is_head(&self) -> bool {
        matches!(self.method, Some(Method::Head))
    }

    /// The version to answer in.
    pub(crate) const fn version(&self) -> Version {
        self.version
    }

    /// Reads what has come; `Some(len)` of the head when it is whole. `head` holds all bytes
    /// from the head's first on.
    ///
    /// # Errors
    /// If the bytes are no valid head, or one beyond the limits.
    pub fn read(
        &mut self,
        head: &[u8],
        limits: &Limits,
        served: Scheme,
    ) -> Result<Option<usize>, Refusal> {
        if !self.has_request_line {
            if !self.read_request_line(head, limits, served)? {
                return Ok(None);
            }
            if self.repeats_section(head, limits) {
                return Ok(Some(self.line_len + self.section.len()));
            }
            self.section.clear();
            self.fields.restart(self.line_len);
        }
        self.read_section(head, limits)
    }

    /// Whether the fields are, byte for byte, those of the head before, so that all that was found
    /// in them holds again. A client says the same of itself with every request, which is what
    /// HPACK lives by.
    #[inline]
    fn repeats_section(&mut self, head: &[u8], limits: &Limits) -> bool {
        let repeats = !self.section.is_empty()
            && head[self.line_len..].starts_with(&self.section)
            && self.section_version == self.version
            && self.line_len + self.section.len() <= limits.head_len_max
            && self.fields.len() <= limits.fields_max;
        if repeats {
            self.fields.move_to(self.line_len);
        }
        repeats
    }

    /// Reads the fields, as far as they have come, and what they say of message and connection.
    #[inline(never)]
    fn read_section(&mut self, head: &[u8], limits: &Limits) -> Result<Option<usize>, Refusal> {
        let Some(len) = self.fields.read(head, limits)? else { return Ok(None) };
        self.check_host(head)?;
        let fields = Fields::new(head, &self.fields);
        self.framing = framing::of_request(self.version, &fields)?;
        self.expectation = framing::expectation(self.version, self.framing, &fields);
        self.persists = framing::persists(self.version, &fields);
        self.keep_section(&head[self.line_len..len]);
        Ok(Some(len))
    }

    /// Keeps a valid section for `repeats_section`.
    fn keep_section(&mut self, section: &[u8]) {
        let fields = Fields::new(section, &self.fields);
        // How long it takes to compare a secret would tell others about it.
        let is_secret = fields.has(&FieldName::AUTHORIZATION) || fields.has(&FieldName::COOKIE);
        if !is_secret && section.len() <= SECTION_LEN_MAX {
            self.section.extend_from_slice(section);
            self.section_version = self.version;
        }
    }

    /// `method SP request-target SP HTTP-version CRLF` (RFC 9112 §3); false while it has not
    /// come whole.
    fn read_request_line(
        &mut self,
        head: &[u8],
        limits: &Limits,
        served: Scheme,
    ) -> Result<bool, Refusal> {
        let len_max = limits.request_line_len_max.min(limits.head_len_max);
        let line = &head[..head.len().min(len_max)];
        // A line that was cut is not read again before its end has come.
        let was_cut = self.looked_at > 0;
        if !(was_cut && self.line_end(line) == LineEnd::Open)
            && let Some(len) = self.read_valid_line(line, served)
        {
            self.line_len = len;
            self.has_request_line = true;
            return Ok(true);
        }
        let is_full = line.len() == len_max;
        match self.line_end(line) {
            LineEnd::Crlf(len) => Err(self.refuse_line(&line[..len], served)),
            LineEnd::Broken(refusal) => Err(refusal),
            LineEnd::Open if is_full => Err(Refusal::RequestLineTooLong),
            LineEnd::Open => Ok(false),
        }
    }

    #[cold]
    fn line_end(&mut self, line: &[u8]) -> LineEnd {
        grammar::line_end(line, &mut self.looked_at)
    }

    /// Reads a valid line, in one pass, and returns its length with the CRLF.
    #[inline]
    fn read_valid_line(&mut self, line: &[u8], served: Scheme) -> Option<usize> {
        let (method, rest) = Method::read(line)?;
        let target_start = line.len() - rest.len();
        let rest = self.target.read(rest, target_start, method, served).ok()?;
        let (version, rest) = Version::read(rest)?;
        self.method = method.known();
        self.version = version;
        Some(line.len() - rest.len())
    }

    /// RFC 9112 §3.2: exactly one valid Host in HTTP/1.1, at most one in HTTP/1.0, whatever
    /// form the target has.
    #[inline]
    fn check_host(&mut self, head: &[u8]) -> Result<(), Refusal> {
        let fields = Fields::new(head, &self.fields);
        match fields.rest_of_line(&FieldName::HOST) {
            None if self.version == Version::Http10 => Ok(()),
            None => Err(Refusal::HostMissing),
            Some(_) if fields.is_repeated(&FieldName::HOST) => Err(Refusal::HostRepeated),
            // Nearly always it is that of the request before, which need not be read again.
            Some(rest) if rest == self.valid_host => Ok(()),
            Some(_) => self.read_host(head),
        }
    }

    /// Checks a Host that is not the one of the request before.
    #[inline(never)]
    fn read_host(&mut self, head: &[u8]) -> Result<(), Refusal> {
        let fields = Fields::new(head, &self.fields);
        fields.get(&FieldName::HOST).and_then(authority::port).ok_or(Refusal::Host)?;
        let rest = fields.rest_of_line(&FieldName::HOST).unwrap_or_default();
        self.valid_host.clear();
        self.valid_host.extend_from_slice(rest);
        Ok(())
    }

    /// Why a line is not valid. What is right in it decides how the refusal is written.
    #[cold]
    fn refuse_line(&mut self, line: &[u8], served: Scheme) -> Refusal {
        let method_len = grammar::run_len(line, TCHAR);
        let target_end = line.iter().rposition(|&byte| byte == b' ').unwrap_or_default();
        if method_len == 0 || line.get(method_len) != Some(&b' ') || target_end <= method_len + 1 {
            return Refusal::RequestLine;
        }
        let method = Method::from_token(&line[..method_len]);
        self.method = method.known();
        match Version::parse(&line[target_end + 1..]) {
            Ok(version) => self.version = version,
            Err(refusal) => return refusal,
        }
        let target_start = method_len + 1;
        let target = &line[target_start..target_end];
        let parsed = TargetIndex::other_form(target, target_start, method, served);
        parsed.err().unwrap_or(Refusal::Target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(head: &[u8], cuts: &[usize]) -> Result<Option<(usize, String)>, Refusal> {
        let mut index = HeadIndex::default();
        index.restart();
        for &end in cuts.iter().chain([&head.len()]) {
            if let Some(len) = index.read(&head[..end], &Limits::default(), Scheme::Http)? {
                let head = Head::new(&head[..len], &index);
                let fields: Vec<_> = head.fields().iter().map(|(name, _)| name).collect();
                let (method, target) = (head.method(), head.target().as_str());
                return Ok(Some((
                    len,
                    format!("{method} {target} {fields:?} {}", head.authority()),
                )));
            }
        }
        Ok(None)
    }

    fn check(head: &[u8], expected: &Result<Option<(usize, String)>, Refusal>) {
        let bytewise: Vec<usize> = (0..head.len()).collect();
        let text = String::from_utf8_lossy(&head[..head.len().min(80)]);
        assert_eq!(&read(head, &[]), expected, "whole: {text:?}");
        assert_eq!(&read(head, &bytewise), expected, "byte by byte: {text:?}");
        for cut in bytewise {
            assert_eq!(&read(head, &[cut]), expected, "cut at {cut}: {text:?}");
        }
    }

    #[test]
    fn whole_heads() {
        for (head, rest, summary) in [
            ("GET / HTTP/1.1\r\nHost: h\r\n\r\n", "", r#"GET / ["Host"] h"#),
            ("GET / HTTP/1.0\r\n\r\n", "", "GET / [] "),
            ("GET http://t:1/ HTTP/1.1\r\nhost: h\r\n\r\n", "", r#"GET http://t:1/ ["host"] t:1"#),
            ("FOO! /?a HTTP/1.1\r\nA:\r\nHost:h\r\n\r\n", "GET", r#"FOO! /?a ["A", "Host"] h"#),
        ] {
            let bytes = [head, rest].concat();
            check(bytes.as_bytes(), &Ok(Some((head.len(), summary.to_owned()))));
        }
    }

    #[test]
    fn refused_heads() {
        let long_line = format!("GET /{} HTTP/1.1\r\nHost: h\r\n\r\n", "a".repeat(8200));
        for (head, refusal) in [
            ("GET / HTTP/1.1\nHost: h\n\n", Refusal::BareLf),
            ("GET / HTTP/1.1\rHost: h\r\n\r\n", Refusal::BareCr),
            ("GET /\0 HTTP/1.1\r\nHost: h\r\n\r\n", Refusal::Control),
            ("\x16\x03\x01\r\n", Refusal::Control),
            ("\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", Refusal::RequestLine),
            ("GET /\r\n\r\n", Refusal::RequestLine),
            ("GET\r\n\r\n", Refusal::RequestLine),
            ("GET  / HTTP/1.1\r\nHost: h\r\n\r\n", Refusal::Target),
            ("GET  HTTP/1.1\r\nHost: h\r\n\r\n", Refusal::RequestLine),
            (" GET / HTTP/1.1\r\nHost: h\r\n\r\n", Refusal::RequestLine),
            ("GET / HTTP/1.1 \r\nHost: h\r\n\r\n", Refusal::Version),
            ("GET\t/ HTTP/1.1\r\nHost: h\r\n\r\n", Refusal::RequestLine),
            ("G(T / HTTP/1.1\r\nHost: h\r\n\r\n", Refusal::RequestLine),
            ("GET /a b HTTP/1.1\r\nHost: h\r\n\r\n", Refusal::Target),
            ("GET https://h b/ HTTP/1.1\r\nHost: h\r\n\r\n", Refusal::Target),
            ("GET https://h/a b HTTP/1.1\r\nHost: h\r\n\r\n", Refusal::Misdirected),
            ("GET /a HTTP/1.1 HTTP/1.1\r\nHost: h\r\n\r\n", Refusal::Target),
            ("GET /a HTTP/1.1x\r\nHost: h\r\n\r\n", Refusal::Version),
            ("GET /\u{e9} HTTP/2.0\r\nHost: h\r\n\r\n", Refusal::UnsupportedVersion),
            ("GET / HTTP/1.1\r\n\r\n", Refusal::HostMissing),
            ("GET / HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n", Refusal::HostRepeated),
            ("GET / HTTP/1.0\r\nHost: h\r\nHost: h\r\n\r\n", Refusal::HostRepeated),
            ("GET / HTTP/1.1\r\nHost:\r\n\r\n", Refusal::Host),
            ("GET http://t/ HTTP/1.1\r\nHost: a b\r\n\r\n", Refusal::Host),
            ("GET http://t/ HTTP/1.1\r\n\r\n", Refusal::HostMissing),
        ] {
            check(head.as_bytes(), &Err(refusal));
        }
        assert_eq!(read(long_line.as_bytes(), &[]), Err(Refusal::RequestLineTooLong));
    }

    #[test]
    fn a_host_is_judged_alike_whichever_came_before_it() {
        let hosts = ["h", "", "h:", "a b", "h", "h:80", "h:8a", "h", "H"];
        let mut index = HeadIndex::default();
        for host in hosts {
            let head = format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n");
            let expected = read(head.as_bytes(), &[]).map(|whole| whole.map(|(len, _)| len));
            index.restart();
            let found = index.read(head.as_bytes(), &Limits::default(), Scheme::Http);
            assert_eq!(found, expected, "{host:?}");
        }
    }

    fn summary(index: &mut HeadIndex, head: &str, limits: &Limits) -> Result<String, Refusal> {
        index.restart();
        let len = index.read(head.as_bytes(), limits, Scheme::Http)?;
        let view = Head::new(head.as_bytes(), index);
        let fields: Vec<_> = view.fields().iter().collect();
        let rest = (view.framing(), view.expectation(), index.persists());
        Ok(format!("{len:?} {} {fields:?} {rest:?}", view.method()))
    }

    #[test]
    fn a_head_is_read_alike_whichever_came_before_it() {
        let lines = ["GET / HTTP/1.1", "PROPFIND /longer HTTP/1.1", "POST /?a HTTP/1.0"];
        let sections = [
            "",
            "Host: h\r\n",
            "Host: h\r\nA: b\r\n",
            "Host: h\r\nA: c\r\n",
            "Host: h\r\nA: b\r\nB: c\r\n",
            "Host: h\r\nHost: h\r\n",
            "Host: h\r\nCookie: a\r\n",
            "Host: h\r\nContent-Length: 3\r\nExpect: 100-continue\r\n",
            "Host: h\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n",
        ];
        let heads: Vec<String> = lines
            .iter()
            .flat_map(|line| sections.map(|section| format!("{line}\r\n{section}\r\n")))
            .collect();
        let bounds = [
            Limits::default(),
            Limits { fields_max: 2, ..Limits::default() },
            Limits { head_len_max: 40, ..Limits::default() },
        ];
        for before in &heads {
            for head in &heads {
                for limits in &bounds {
                    let mut index = HeadIndex::default();
                    let _ = summary(&mut index, before, &Limits::default());
                    let found = summary(&mut index, head, limits);
                    let expected = summary(&mut HeadIndex::default(), head, limits);
                    assert_eq!(found, expected, "{head:?} after {before:?}");
                }
            }
        }
    }

    #[test]
    fn a_refused_line_tells_how_to_answer() {
        for (line, is_head, version) in [
            ("HEAD /\" HTTP/1.0\r\n", true, Version::Http10),
            ("HEAD / HTTP/2.0\r\n", true, Version::Http11),
            ("HEAD  HTTP/1.0\r\n", false, Version::Http11),
            ("HEAD /\0 HTTP/1.0\r\n", false, Version::Http11),
        ] {
            let mut index = HeadIndex::default();
            index.restart();
            assert!(index.read(line.as_bytes(), &Limits::default(), Scheme::Http).is_err());
            assert_eq!((index.is_head(), index.version()), (is_head, version), "{line:?}");
        }
    }
}
