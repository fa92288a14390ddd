//! A valid request comes out as it went in, whatever precedes and follows it.

use std::sync::Arc;

use level1_blocking::{
    handler::Admission,
    http::{
        buffers::BufferPool, fields::Fields, head::Head, limits::Limits, name::FieldName,
        response::Response, status::Status, step::CloseReason, version::Version,
    },
};
use proptest::{collection::vec, prelude::*, sample::Index};

use super::{
    config,
    peer::{Answer, Application, End, converse},
    request::{Line, Request, requests},
};

proptest! {
    #![proptest_config(config(2000))]

    #[test]
    fn requests_come_out_as_they_went_in(
        requests in requests(),
        blank_lines in vec(any::<bool>(), 4),
        cuts in vec(any::<Index>(), 0..5),
    ) {
        let mut bytes = Vec::new();
        for (request, has_blank_line) in requests.iter().zip(blank_lines) {
            bytes.extend_from_slice(if has_blank_line { b"\r\n" } else { b"" });
            bytes.extend(request.bytes());
        }
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        cuts.sort_unstable();
        let mut recorder = Recorder::default();
        let limits = Arc::new(Limits::default());
        let outcome = converse(&mut recorder, &limits, &bytes, &cuts, &mut BufferPool::new(1));
        let answered = 1 + requests.iter().take_while(|request| request.persists()).count();
        let sent: Vec<_> = requests.iter().take(answered).map(Meaning::sent).collect();
        prop_assert_eq!(recorder.0, sent);
        let reason = if answered <= requests.len() {
            CloseReason::NotPersistent
        } else {
            CloseReason::PeerClosed
        };
        prop_assert_eq!(outcome.end, End::Closed(reason));
    }
}

/// What a request says.
#[derive(Debug, PartialEq, Eq)]
struct Meaning {
    method: String,
    target: String,
    parts: (String, String, Option<String>),
    version: Version,
    fields: Section,
    body: Vec<u8>,
    trailers: Section,
}

type Section = Vec<(String, Vec<u8>)>;

impl Meaning {
    fn sent(request: &Request) -> Self {
        let section = |lines: &[Line]| -> Section {
            lines.iter().map(|line| (line.name.clone(), line.value.clone())).collect()
        };
        let host = request.fields.iter().find(|line| line.is_named("host"));
        let host = host.map(|line| String::from_utf8_lossy(&line.value).into_owned());
        let (authority, rest) = match request.target.split_once("://") {
            Some((scheme, rest)) if !scheme.starts_with('/') => {
                let end = rest.find(['/', '?']).unwrap_or(rest.len());
                (rest[..end].to_owned(), &rest[end..])
            }
            _ => (host.unwrap_or_default(), request.target.as_str()),
        };
        let (path, query) = match rest.split_once('?') {
            Some((path, query)) => (path, Some(query.to_owned())),
            None => (rest, None),
        };
        let path = match (request.method.as_str(), path) {
            // A bare authority means the server as a whole to OPTIONS, else the root.
            ("OPTIONS", "*") => "",
            ("OPTIONS", "") if query.is_none() => "",
            (_, "") => "/",
            (_, path) => path,
        };
        Self {
            method: request.method.clone(),
            target: request.target.clone(),
            parts: (authority, path.to_owned(), query),
            version: if request.version == "HTTP/1.0" { Version::Http10 } else { Version::Http11 },
            fields: section(&request.fields),
            body: request.body(),
            trailers: section(request.trailers()),
        }
    }
}

/// Takes note of what comes out.
#[derive(Default)]
struct Recorder(Vec<Meaning>);

impl Application for Recorder {
    fn admit(&mut self, _: &Head<'_>) -> Admission {
        Admission::Accept { body_len_max: u64::MAX }
    }

    fn answer(&mut self, head: &Head<'_>, body: Vec<u8>, trailers: &Fields<'_>) -> Answer {
        let section = |fields: &Fields<'_>| -> Section {
            fields.iter().map(|(name, value)| (name.to_owned(), value.to_vec())).collect()
        };
        let fields = head.fields();
        for (name, _) in fields.iter() {
            let all = fields.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
            let all: Vec<_> = all.map(|(_, value)| value).collect();
            let name = FieldName::new(name).expect("a valid name");
            assert_eq!(fields.all(&name).collect::<Vec<_>>(), all);
            assert_eq!(fields.get(&name), all.first().copied());
            assert_eq!(fields.is_repeated(&name), all.len() > 1);
        }
        let target = head.target();
        self.0.push(Meaning {
            method: head.method().to_string(),
            target: target.as_str().to_owned(),
            parts: (
                head.authority().to_owned(),
                target.path().to_owned(),
                target.query().map(str::to_owned),
            ),
            version: head.version(),
            fields: section(&head.fields()),
            body,
            trailers: section(trailers),
        });
        Response::new(Status::OK).into()
    }
}
