//! A response as a handler makes it: status, fields, body.
//!
//! Names and values are types that hold no CR, LF or NUL, so nothing a handler does can
//! split a response in two. What frames the message (Content-Length, Transfer-Encoding,
//! Connection) and Date are the core's to write: given here, they are left out.

use std::borrow::Cow;

use smallvec::SmallVec;

use super::{
    body::Body,
    grammar,
    name::{self, FieldName},
    status::Status,
};

/// The value of a field: visible characters, spaces and tabs, no white space around it
/// (RFC 9110 §5.5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldValue(Cow<'static, [u8]>);

/// The bytes hold a control character (RFC 9110 §5.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a field value cannot hold a control character")]
pub struct InvalidFieldValue;

impl FieldValue {
    /// A value that is known when the program is compiled.
    ///
    /// # Panics
    /// If `text` holds a control character; for a constant, while compiling.
    pub const fn from_static(text: &'static str) -> Self {
        Self(Cow::Borrowed(checked_value(text)))
    }

    /// A value made at run time. White space around it is dropped.
    ///
    /// # Errors
    /// If it holds a control character.
    pub fn new(value: impl AsRef<[u8]>) -> Result<Self, InvalidFieldValue> {
        let value = grammar::trim(value.as_ref());
        let is_valid = grammar::field_value_len(value) == value.len();
        if is_valid { Ok(Self(Cow::Owned(value.to_vec()))) } else { Err(InvalidFieldValue) }
    }

    /// The value's bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl From<u64> for FieldValue {
    fn from(number: u64) -> Self {
        Self(Cow::Owned(itoa::Buffer::new().format(number).as_bytes().to_vec()))
    }
}

/// The bytes of a value that is known when the program is compiled.
const fn checked_value(text: &str) -> &[u8] {
    let mut rest = text.as_bytes();
    while let [byte, tail @ ..] = rest {
        assert!(grammar::is_field_byte(*byte), "a field value holds no control character");
        rest = tail;
    }
    text.as_bytes()
}

/// A field of a response as it will be written, `Name: value`: one piece, so that a field
/// costs one copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldLine {
    text: Cow<'static, [u8]>,
    is_of_the_core: bool,
}

impl FieldLine {
    /// A line that is known when the program is compiled, such as `Allow: GET, HEAD`.
    ///
    /// # Panics
    /// If `text` is not a name, a colon, a space and a value; for a constant, while compiling.
    pub const fn from_static(text: &'static str) -> Self {
        let mut name_len = 0;
        while text.as_bytes()[name_len] != b':' {
            name_len += 1;
        }
        let (name, value) = text.split_at(name_len);
        assert!(value.len() >= 2 && value.as_bytes()[1] == b' ', "a colon and a space");
        checked_value(value);
        let is_of_the_core = name::core_writes(name);
        Self { text: Cow::Borrowed(text.as_bytes()), is_of_the_core }
    }

    /// The line of this name and this value.
    pub fn new(name: &FieldName, value: &FieldValue) -> Self {
        let text = [name.as_str().as_bytes(), b": ", value.as_bytes()].concat();
        Self { text: Cow::Owned(text), is_of_the_core: name.is_of_the_core() }
    }

    /// The field's name.
    pub fn name(&self) -> &str {
        grammar::ascii(&self.text[..self.name_len()])
    }

    /// The field's value.
    pub fn value(&self) -> &[u8] {
        &self.text[self.name_len() + 2..]
    }

    /// A name holds no colon.
    fn name_len(&self) -> usize {
        grammar::find(&self.text, b':')
    }

    /// The line without its end.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.text
    }

    /// Whether only the core may write this field.
    pub(crate) const fn is_of_the_core(&self) -> bool {
        self.is_of_the_core
    }
}

/// The fields of a response, in the order they were added. Two lines cost no allocation.
pub type ResponseFields = SmallVec<[FieldLine; 2]>;

/// A response.
#[derive(Debug)]
pub struct Response {
    /// The final status, or 101 to switch protocols (see [`Response::switching_to`]).
    pub status: Status,
    /// All fields but those the core writes.
    pub fields: ResponseFields,
    /// The body. For HEAD, give what GET would get: only its length is used.
    pub body: Body,
}

impl Response {
    /// A response without fields or body.
    #[inline]
    pub fn new(status: Status) -> Self {
        Self { status, fields: SmallVec::new(), body: Body::default() }
    }

    /// A response of plain text, in UTF-8.
    #[inline]
    pub fn text(status: Status, text: impl Into<Body>) -> Self {
        const PLAIN: FieldLine = FieldLine::from_static("Content-Type: text/plain; charset=utf-8");
        Self::new(status).line(PLAIN).body(text)
    }

    /// A response that hands the connection over to `protocol` once it is written (RFC 9110
    /// §7.8). Only an answer to a request that offers to upgrade; else the core makes it 500.
    pub fn switching_to(protocol: &FieldValue) -> Self {
        Self::new(Status::SWITCHING_PROTOCOLS).field(&FieldName::UPGRADE, protocol)
    }

    /// With another field, made at run time.
    #[must_use]
    pub fn field(self, name: &FieldName, value: &FieldValue) -> Self {
        self.line(FieldLine::new(name, value))
    }

    /// With another field line.
    #[inline]
    #[must_use]
    pub fn line(mut self, line: FieldLine) -> Self {
        self.fields.push(line);
        self
    }

    /// With this body.
    #[inline]
    #[must_use]
    pub fn body(mut self, body: impl Into<Body>) -> Self {
        self.body = body.into();
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_hold_no_line_end() {
        for byte in 0..=255 {
            let is_control = matches!(byte, 0..=8 | 10..=31 | 127);
            assert_eq!(FieldValue::new([b'a', byte, b'b']).is_err(), is_control, "{byte}");
        }
        assert_eq!(FieldValue::new("\t a b ").expect("valid").as_bytes(), b"a b");
    }
}
