//! Whatever bytes a handler is given, no name, value or builder lets a line end through.

use std::sync::Arc;

use level1_blocking::{
    handler::Admission,
    http::{
        buffers::BufferPool,
        fields::Fields,
        head::Head,
        limits::Limits,
        name::FieldName,
        response::{FieldValue, Response},
        status::Status,
    },
};
use proptest::{collection::vec, prelude::*};

use super::{
    config,
    peer::{Answer, Application, converse},
    response::{Asked, Received},
};

proptest! {
    #![proptest_config(config(3000))]

    #[test]
    fn only_valid_names_and_values_are_made(name in text(), value in bytes()) {
        let is_token = !name.is_empty()
            && name.bytes().all(|byte| {
                byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
            });
        prop_assert_eq!(FieldName::new(&name).is_ok(), is_token);
        let space: &[u8] = b" \t";
        let start = value.iter().take_while(|byte| space.contains(byte)).count();
        let end = value.iter().rev().take_while(|byte| space.contains(byte)).count();
        let inner = value.get(start..value.len() - end).unwrap_or_default();
        let is_valid = inner.iter().all(|&byte| byte == b'\t' || byte >= b' ' && byte != 0x7F);
        let made = FieldValue::new(&value);
        prop_assert_eq!(made.is_ok(), is_valid);
        prop_assert!(made.is_err() || made.as_ref().map(FieldValue::as_bytes) == Ok(inner));
    }

    #[test]
    fn an_answer_has_the_lines_it_was_given_and_no_others(
        given in vec((text(), bytes()), 0..6),
        trailers in vec((text(), bytes()), 0..3),
        code in 0..700_u16,
    ) {
        let made = |given: &[(String, Vec<u8>)]| -> Vec<_> {
            let made = given.iter().map(|(name, value)| {
                Some((FieldName::new(name).ok()?, FieldValue::new(value).ok()?))
            });
            made.flatten().collect()
        };
        let status = Status::new(code);
        prop_assert_eq!(status.is_some(), (100..600).contains(&code));
        let Some(status) = status.filter(|status| !status.is_interim()) else { return Ok(()) };
        let mut app = Fixed { status, fields: made(&given), trailers: made(&trailers) };
        let request = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n";
        let limits = Arc::new(Limits::default());
        let outcome = converse(&mut app, &limits, request, &[], &mut BufferPool::new(1));
        let asked = Asked { method: "GET", is_http_10: false };
        let (received, rest) = Received::read(&outcome.output, asked).expect("a response");
        prop_assert!(rest.is_empty());
        let of_core = ["connection", "content-length", "date", "keep-alive", "transfer-encoding"];
        let is_own = |name: &str| !of_core.contains(&name.to_ascii_lowercase().as_str());
        let lines = |fields: &[(FieldName, FieldValue)]| -> Vec<(String, Vec<u8>)> {
            let own = fields.iter().filter(|(name, _)| is_own(name.as_str()));
            own.map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec())).collect()
        };
        let own: Vec<_> =
            received.fields.into_iter().filter(|(name, _)| is_own(name)).collect();
        prop_assert_eq!(own, lines(&app.fields));
        if !received.trailers.is_empty() {
            prop_assert_eq!(received.trailers, lines(&app.trailers));
        }
        prop_assert_eq!(received.reason, status.reason());
    }
}

/// Names, most of them valid, some of the core's, and what injects lines.
fn text() -> impl Strategy<Value = String> {
    let of_core = ["Date", "connection", "CONTENT-LENGTH", "Transfer-Encoding", "Keep-Alive"];
    prop_oneof![
        4 => "[A-Za-z][!#$%&'*+.^_`|~0-9A-Za-z-]{0,12}",
        2 => proptest::sample::select(of_core.to_vec()).prop_map(str::to_owned),
        1 => "[a-z]{0,4}[\r\n\0 :\u{e9}(]{0,2}[a-z]{0,4}",
        1 => any::<String>(),
    ]
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let injection = "[ a-z]{0,4}[\r\n\0\t ]{0,3}([a-z]: x)?";
    prop_oneof![
        3 => super::request::value(),
        2 => injection.prop_map(String::into_bytes),
        1 => vec(any::<u8>(), 0..20),
    ]
}

/// One answer to everything: a stream, so that trailers are written where they can be.
struct Fixed {
    status: Status,
    fields: Vec<(FieldName, FieldValue)>,
    trailers: Vec<(FieldName, FieldValue)>,
}

impl Application for Fixed {
    fn admit(&mut self, _: &Head<'_>) -> Admission {
        Admission::Accept { body_len_max: 0 }
    }

    fn answer(&mut self, _: &Head<'_>, _: Vec<u8>, _: &Fields<'_>) -> Answer {
        let mut response = Response::new(self.status);
        for (name, value) in &self.fields {
            response = response.field(name, value);
        }
        response.body = level1_blocking::http::body::Body::Stream(None);
        Answer { response, pieces: vec![b"piece".to_vec()], trailers: self.trailers.clone() }
    }
}
