//! What the core writes, a strict client reads back as it was meant, to the last byte.

use std::{
    fs::File,
    io::Write as _,
    sync::{Arc, LazyLock},
};

use level1_blocking::{
    handler::Admission,
    http::{
        body::{Body, FileRange},
        buffers::BufferPool,
        fields::Fields,
        head::Head,
        limits::Limits,
        name::FieldName,
        response::{FieldValue, Response},
        status::Status,
        step::CloseReason,
    },
};
use proptest::{collection::vec, prelude::*, sample::select};

use super::{
    config,
    peer::{Answer, Application, End, converse},
    response::{Asked, Framing, Received},
};

proptest! {
    #![proptest_config(config(1500))]

    #[test]
    fn answers_are_read_back_as_meant(
        exchanges in vec(exchange(), 1..4),
        output_len_max in select(vec![1, 100, 65_536]),
    ) {
        let bytes: Vec<u8> = exchanges.iter().flat_map(Exchange::request).collect();
        let limits = Arc::new(Limits { output_len_max, ..Limits::default() });
        let mut app = Script(exchanges.clone());
        let outcome = converse(&mut app, &limits, &bytes, &[], &mut BufferPool::new(1));
        let mut rest = outcome.output.as_slice();
        let mut reason = CloseReason::PeerClosed;
        for exchange in &exchanges {
            let asked = exchange.asked();
            let (received, after) = Received::read(rest, asked).expect("a response");
            rest = after;
            prop_assert_eq!(received.status, exchange.final_status());
            let status = Status::new(received.status).expect("a status");
            prop_assert_eq!(&received.reason, status.reason());
            prop_assert_eq!(received.framing, exchange.framing());
            prop_assert_eq!(&received.body, &exchange.visible_body(), "{:?}", exchange);
            prop_assert_eq!(received.closes(asked), exchange.closes());
            let own = received.fields.iter().filter(|(name, _)| name.starts_with("x-"));
            let own: Vec<_> = own.map(|(_, value)| value.clone()).collect();
            prop_assert_eq!(own, exchange.visible_fields());
            if exchange.is_switched() {
                let raw = &bytes[bytes.len() - rest_len(&exchanges, exchange)..];
                prop_assert_eq!(&outcome.end, &End::Upgraded(raw.to_vec()));
                prop_assert!(rest.is_empty());
                return Ok(());
            }
            if exchange.closes() {
                reason = CloseReason::NotPersistent;
                break;
            }
        }
        prop_assert!(rest.is_empty(), "{} bytes are left over", rest.len());
        prop_assert_eq!(&outcome.end, &End::Closed(reason));
    }

    #[test]
    fn a_broken_promise_is_seen_by_the_client(
        promised in 1..5000_u64,
        missing in 1..5000_u64,
        is_file in any::<bool>(),
    ) {
        let (kept, body) = if is_file {
            let offset = FILE_LEN.saturating_sub(promised.saturating_sub(missing));
            let body = FileRange { file: Arc::clone(&FILE), offset, len: promised };
            (promised.saturating_sub(missing), Body::File(body))
        } else {
            (promised.saturating_sub(missing), Body::Stream(Some(promised)))
        };
        let pieces = vec![vec![b'x'; usize::try_from(kept).expect("short")]];
        let mut app = Once(Some(Answer {
            response: Response::new(Status::OK).body(body),
            pieces,
            trailers: vec![],
        }));
        let request = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n";
        let limits = Arc::new(Limits::default());
        let outcome = converse(&mut app, &limits, request, &[], &mut BufferPool::new(1));
        let asked = Asked { method: "GET", is_http_10: false };
        let reason = if is_file { CloseReason::FileShrank } else { CloseReason::AnswerAbandoned };
        prop_assert_eq!(outcome.end, End::Closed(reason));
        prop_assert!(Received::read(&outcome.output, asked).is_err(), "it is not whole");
    }
}

const FILE_LEN: u64 = 300_000;

static FILE: LazyLock<Arc<File>> = LazyLock::new(|| {
    let mut file = tempfile::tempfile().expect("a temporary file");
    file.write_all(&file_bytes()).expect("room for it");
    Arc::new(file)
});

fn file_bytes() -> Vec<u8> {
    (0..FILE_LEN).map(|at| (at % 251).to_le_bytes()[0]).collect()
}

/// How many bytes the requests behind this one have.
fn rest_len(exchanges: &[Exchange], last: &Exchange) -> usize {
    let behind = exchanges.iter().skip_while(|exchange| !std::ptr::eq(*exchange, last)).skip(1);
    behind.map(|exchange| exchange.request().len()).sum()
}

/// A request, and the answer that a handler gives it.
#[derive(Debug, Clone)]
struct Exchange {
    method: &'static str,
    is_http_10: bool,
    connection: &'static str,
    has_body: bool,
    is_refused: bool,
    status: u16,
    fields: Vec<Vec<u8>>,
    kind: Kind,
    pieces: Vec<Vec<u8>>,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Bytes,
    Sized,
    Unsized,
    File { offset: u64, len: u64 },
}

fn exchange() -> impl Strategy<Value = Exchange> {
    let method = select(vec!["GET", "GET", "HEAD", "POST", "OPTIONS", "PROPFIND"]);
    let version = prop_oneof![4 => Just(false), 1 => Just(true)];
    let connection = select(vec!["", "", "", "keep-alive", "close", "upgrade"]);
    let status = prop_oneof![
        4 => Just(200),
        3 => select(vec![100, 101, 103, 199, 201, 204, 205, 206, 299, 303, 304, 404, 500, 599]),
    ];
    let kind = prop_oneof![
        Just(Kind::Bytes),
        Just(Kind::Sized),
        Just(Kind::Unsized),
        (0..FILE_LEN, 0..20_000_u64)
            .prop_map(|(offset, len)| Kind::File { offset, len: len.min(FILE_LEN - offset) }),
    ];
    let piece = prop_oneof![6 => vec(any::<u8>(), 0..40), 1 => vec(any::<u8>(), 20_000)];
    let request = (method, version, connection, any::<bool>(), proptest::bool::weighted(0.1));
    (request, status, vec(super::request::value(), 0..3), kind, vec(piece, 0..5)).prop_map(
        |((method, is_http_10, connection, has_body, is_refused), status, fields, kind, pieces)| {
            // A refusal is given before there is anything to stream.
            let kind = if is_refused { Kind::Bytes } else { kind };
            let status = if is_refused { 404 } else { status };
            let (method, has_body) = (method, has_body && method == "POST");
            Exchange {
                method,
                is_http_10,
                connection,
                has_body,
                is_refused,
                status,
                fields,
                kind,
                pieces,
            }
        },
    )
}

impl Exchange {
    fn request(&self) -> Vec<u8> {
        let version = if self.is_http_10 { "1.0" } else { "1.1" };
        let connection = match self.connection {
            "" => String::new(),
            "upgrade" => "Connection: Upgrade\r\nUpgrade: x\r\n".into(),
            other => format!("Connection: {other}\r\n"),
        };
        let (length, body) =
            if self.has_body { ("Content-Length: 3\r\n", "abc") } else { ("", "") };
        let method = self.method;
        format!("{method} / HTTP/{version}\r\nHost: h\r\n{connection}{length}\r\n{body}").into()
    }

    fn asked(&self) -> Asked<'_> {
        Asked { method: self.method, is_http_10: self.is_http_10 }
    }

    fn is_switched(&self) -> bool {
        self.status == 101 && self.connection == "upgrade" && !self.is_http_10
    }

    /// A handler cannot answer with an interim status: that is its mistake, 500.
    fn is_mistaken(&self) -> bool {
        self.status < 200 && !self.is_switched()
    }

    fn final_status(&self) -> u16 {
        if self.is_mistaken() { 500 } else { self.status }
    }

    fn visible_fields(&self) -> Vec<Vec<u8>> {
        if self.is_mistaken() { vec![] } else { self.fields.clone() }
    }

    fn framing(&self) -> Framing {
        let len = self.body().len() as u64;
        match (self.final_status(), self.kind) {
            (101 | 204 | 304, _) => Framing::None,
            _ if self.method == "HEAD" => Framing::None,
            (205, _) => Framing::Length(0),
            _ if self.is_mistaken() => Framing::Length(0),
            (_, Kind::Unsized) if self.is_http_10 => Framing::UntilClose,
            (_, Kind::Unsized) => Framing::Chunked,
            _ => Framing::Length(len),
        }
    }

    fn body(&self) -> Vec<u8> {
        match self.kind {
            Kind::File { offset, len } => {
                let range = |at: u64| usize::try_from(at).expect("a short file");
                file_bytes()[range(offset)..range(offset + len)].to_vec()
            }
            _ => self.pieces.concat(),
        }
    }

    fn visible_body(&self) -> Vec<u8> {
        match self.framing() {
            Framing::None | Framing::Length(0) => vec![],
            _ => self.body(),
        }
    }

    fn closes(&self) -> bool {
        let persists = match self.connection {
            "close" => false,
            "keep-alive" => true,
            _ => !self.is_http_10,
        };
        // What ends with the connection ends it, be it only the head of such an answer.
        let is_until_close = self.is_http_10
            && matches!(self.kind, Kind::Unsized)
            && !self.is_mistaken()
            && !matches!(self.status, 204 | 205 | 304);
        !self.is_switched() && (!persists || is_until_close || self.is_refused && self.has_body)
    }

    fn answer(&self) -> Answer {
        let name = FieldName::from_static("x-own");
        let mut response = Response::new(Status::new(self.status).expect("a status"));
        for value in &self.fields {
            response = response.field(&name, &FieldValue::new(value).expect("valid"));
        }
        let body = match self.kind {
            Kind::Bytes => Body::from(self.body()),
            Kind::Sized => Body::Stream(Some(self.body().len() as u64)),
            Kind::Unsized => Body::Stream(None),
            Kind::File { offset, len } => {
                Body::File(FileRange { file: Arc::clone(&FILE), offset, len })
            }
        };
        let response = response.body(body);
        Answer { response, pieces: self.pieces.clone(), trailers: vec![] }
    }
}

/// Gives the answers in turn.
struct Script(Vec<Exchange>);

impl Application for Script {
    fn admit(&mut self, _: &Head<'_>) -> Admission {
        match self.0.first() {
            Some(exchange) if exchange.is_refused => {
                Admission::Refuse(self.0.remove(0).answer().response)
            }
            _ => Admission::Accept { body_len_max: 100 },
        }
    }

    fn answer(&mut self, _: &Head<'_>, _: Vec<u8>, _: &Fields<'_>) -> Answer {
        self.0.remove(0).answer()
    }
}

/// Gives one answer.
struct Once(Option<Answer>);

impl Application for Once {
    fn admit(&mut self, _: &Head<'_>) -> Admission {
        Admission::Accept { body_len_max: 0 }
    }

    fn answer(&mut self, _: &Head<'_>, _: Vec<u8>, _: &Fields<'_>) -> Answer {
        self.0.take().expect("one request")
    }
}
