//! Why a request is refused: what the peer did, and the status that tells it.
//!
//! Every refusal closes the connection. After most of them nobody can say where the next
//! request begins; after the others (413, 417, 421) the peer may be about to send a body
//! that nobody wants. One rule for all is one that cannot be got wrong.

use super::status::Status;

/// A request, or the rest of one, that the server will not take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Refusal {
    /// RFC 9112 §3: `method SP request-target SP HTTP-version`, single spaces.
    #[error("the request line is not 'method target version'")]
    RequestLine,
    /// RFC 9112 §2.3: `HTTP/` DIGIT `.` DIGIT.
    #[error("the version is not HTTP/1.0 or HTTP/1.1")]
    Version,
    /// RFC 9110 §15.6.6: a major version we do not speak.
    #[error("this server speaks HTTP/1.1")]
    UnsupportedVersion,
    /// RFC 9112 §3.2, RFC 3986.
    #[error("the request target is not valid")]
    Target,
    /// RFC 9110 §7.4: an `https` target came over a connection that is not secured.
    #[error("the target's scheme is not served here")]
    Misdirected,
    /// RFC 9112 §3: longer than the server is willing to parse.
    #[error("the request line is too long")]
    RequestLineTooLong,
    /// RFC 6585 §5.
    #[error("the header fields are too large")]
    HeadTooLarge,
    /// RFC 6585 §5.
    #[error("there are too many header fields")]
    TooManyFields,
    /// RFC 9112 §2.2: a recipient may take a bare LF for a line end; we refuse it.
    #[error("a line ends without CR")]
    BareLf,
    /// RFC 9112 §2.2: a bare CR is invalid anywhere in a message's frame.
    #[error("a CR stands without LF")]
    BareCr,
    /// RFC 9112 §5.2: line folding, and white space before the first field (§2.2).
    #[error("a field line begins with white space")]
    LineFolding,
    /// RFC 9112 §5.1.
    #[error("white space stands before a field's colon")]
    SpaceBeforeColon,
    /// RFC 9110 §5.1, §5.6.2: a field name is a token and is followed by a colon.
    #[error("a field name is not valid")]
    FieldName,
    /// RFC 9110 §5.5: in a request line or a field value.
    #[error("a line holds a control character")]
    Control,
    /// RFC 9112 §3.2: an HTTP/1.1 request has exactly one Host.
    #[error("Host is missing")]
    HostMissing,
    /// RFC 9112 §3.2.
    #[error("Host is repeated")]
    HostRepeated,
    /// RFC 9112 §3.2, RFC 9110 §7.2.
    #[error("Host is not a valid host[:port]")]
    Host,
    /// RFC 9112 §6.3, item 3: the usual start of a request-smuggling attempt.
    #[error("Transfer-Encoding and Content-Length exclude each other")]
    BothLengths,
    /// RFC 9112 §6.1: HTTP/1.0 has no transfer codings.
    #[error("Transfer-Encoding needs HTTP/1.1")]
    TransferCodingInHttp10,
    /// RFC 9112 §6.3, item 4: chunked is once, and last.
    #[error("Transfer-Encoding is not valid")]
    TransferCoding,
    /// RFC 9112 §6.1: a coding the server does not implement.
    #[error("the transfer coding is not implemented")]
    UnknownTransferCoding,
    /// RFC 9112 §6.3, item 5: not one decimal number, or repeated.
    #[error("Content-Length is not one decimal number")]
    ContentLength,
    /// RFC 9112 §7.1.
    #[error("the chunked coding is not valid")]
    Chunked,
    /// RFC 9112 §7.1.1: extensions out of all proportion.
    #[error("the chunk extensions are too long")]
    ChunkExtensions,
    /// RFC 9110 §15.5.14.
    #[error("the body is too large")]
    BodyTooLarge,
    /// RFC 9110 §10.1.1: anything but `100-continue`.
    #[error("the expectation cannot be met")]
    Expectation,
    /// RFC 9110 §15.5.9: the head took too long.
    #[error("the request head did not come in time")]
    HeadTimeout,
    /// RFC 9110 §15.5.9: the body took too long, or came too slowly.
    #[error("the request body did not come in time")]
    BodyTimeout,
    /// RFC 9112 §8: the peer closed in the middle of a message.
    #[error("the request is incomplete")]
    Incomplete,
}

impl Refusal {
    /// The status that answers it.
    pub const fn status(self) -> Status {
        match self {
            Self::UnsupportedVersion => Status::HTTP_VERSION_NOT_SUPPORTED,
            Self::Misdirected => Status::MISDIRECTED_REQUEST,
            Self::RequestLineTooLong => Status::URI_TOO_LONG,
            Self::HeadTooLarge | Self::TooManyFields => Status::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::UnknownTransferCoding => Status::NOT_IMPLEMENTED,
            Self::BodyTooLarge => Status::CONTENT_TOO_LARGE,
            Self::Expectation => Status::EXPECTATION_FAILED,
            Self::HeadTimeout | Self::BodyTimeout => Status::REQUEST_TIMEOUT,
            _ => Status::BAD_REQUEST,
        }
    }
}
