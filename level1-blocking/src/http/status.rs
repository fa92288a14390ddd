//! Status codes and their reason phrases, as a table with the section that defines each.
//!
//! A code without a row is allowed (RFC 9110 §15: a recipient goes by its first digit)
//! and is written with an empty reason phrase.

use std::fmt;

/// A status code between 100 and 599.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Status(u16);

macro_rules! statuses {
    ($($name:ident = $code:literal $reason:literal, $section:literal;)*) => {
        impl Status {
            $(#[doc = concat!($code, " ", $reason, ", ", $section, ".")] pub const $name: Self = Self($code);)*

            /// The reason phrase, empty for a code that has none here.
            pub const fn reason(self) -> &'static str {
                match self.0 { $($code => $reason,)* _ => "" }
            }

            /// The whole status line with its CRLF, for a code of the table.
            pub(crate) const fn line(self) -> Option<&'static [u8]> {
                match self.0 {
                    $($code => Some(concat!("HTTP/1.1 ", $code, " ", $reason, "\r\n").as_bytes()),)*
                    _ => None,
                }
            }
        }
    };
}

statuses! {
    CONTINUE                        = 100 "Continue",                        "RFC 9110 §15.2.1";
    SWITCHING_PROTOCOLS             = 101 "Switching Protocols",             "RFC 9110 §15.2.2";
    OK                              = 200 "OK",                              "RFC 9110 §15.3.1";
    CREATED                         = 201 "Created",                         "RFC 9110 §15.3.2";
    ACCEPTED                        = 202 "Accepted",                        "RFC 9110 §15.3.3";
    NO_CONTENT                      = 204 "No Content",                      "RFC 9110 §15.3.5";
    RESET_CONTENT                   = 205 "Reset Content",                   "RFC 9110 §15.3.6";
    PARTIAL_CONTENT                 = 206 "Partial Content",                 "RFC 9110 §15.3.7";
    MOVED_PERMANENTLY               = 301 "Moved Permanently",               "RFC 9110 §15.4.2";
    FOUND                           = 302 "Found",                           "RFC 9110 §15.4.3";
    SEE_OTHER                       = 303 "See Other",                       "RFC 9110 §15.4.4";
    NOT_MODIFIED                    = 304 "Not Modified",                    "RFC 9110 §15.4.5";
    TEMPORARY_REDIRECT              = 307 "Temporary Redirect",              "RFC 9110 §15.4.8";
    PERMANENT_REDIRECT              = 308 "Permanent Redirect",              "RFC 9110 §15.4.9";
    BAD_REQUEST                     = 400 "Bad Request",                     "RFC 9110 §15.5.1";
    UNAUTHORIZED                    = 401 "Unauthorized",                    "RFC 9110 §15.5.2";
    FORBIDDEN                       = 403 "Forbidden",                       "RFC 9110 §15.5.4";
    NOT_FOUND                       = 404 "Not Found",                       "RFC 9110 §15.5.5";
    METHOD_NOT_ALLOWED              = 405 "Method Not Allowed",              "RFC 9110 §15.5.6";
    NOT_ACCEPTABLE                  = 406 "Not Acceptable",                  "RFC 9110 §15.5.7";
    REQUEST_TIMEOUT                 = 408 "Request Timeout",                 "RFC 9110 §15.5.9";
    CONFLICT                        = 409 "Conflict",                        "RFC 9110 §15.5.10";
    GONE                            = 410 "Gone",                            "RFC 9110 §15.5.11";
    LENGTH_REQUIRED                 = 411 "Length Required",                 "RFC 9110 §15.5.12";
    PRECONDITION_FAILED             = 412 "Precondition Failed",             "RFC 9110 §15.5.13";
    CONTENT_TOO_LARGE               = 413 "Content Too Large",               "RFC 9110 §15.5.14";
    URI_TOO_LONG                    = 414 "URI Too Long",                    "RFC 9110 §15.5.15";
    UNSUPPORTED_MEDIA_TYPE          = 415 "Unsupported Media Type",          "RFC 9110 §15.5.16";
    RANGE_NOT_SATISFIABLE           = 416 "Range Not Satisfiable",           "RFC 9110 §15.5.17";
    EXPECTATION_FAILED              = 417 "Expectation Failed",              "RFC 9110 §15.5.18";
    MISDIRECTED_REQUEST             = 421 "Misdirected Request",             "RFC 9110 §15.5.20";
    UNPROCESSABLE_CONTENT           = 422 "Unprocessable Content",           "RFC 9110 §15.5.21";
    UPGRADE_REQUIRED                = 426 "Upgrade Required",                "RFC 9110 §15.5.22";
    TOO_MANY_REQUESTS               = 429 "Too Many Requests",               "RFC 6585 §4";
    REQUEST_HEADER_FIELDS_TOO_LARGE = 431 "Request Header Fields Too Large", "RFC 6585 §5";
    INTERNAL_SERVER_ERROR           = 500 "Internal Server Error",           "RFC 9110 §15.6.1";
    NOT_IMPLEMENTED                 = 501 "Not Implemented",                 "RFC 9110 §15.6.2";
    BAD_GATEWAY                     = 502 "Bad Gateway",                     "RFC 9110 §15.6.3";
    SERVICE_UNAVAILABLE             = 503 "Service Unavailable",             "RFC 9110 §15.6.4";
    GATEWAY_TIMEOUT                 = 504 "Gateway Timeout",                 "RFC 9110 §15.6.5";
    HTTP_VERSION_NOT_SUPPORTED      = 505 "HTTP Version Not Supported",      "RFC 9110 §15.6.6";
    INSUFFICIENT_STORAGE            = 507 "Insufficient Storage",            "RFC 4918 §11.5";
}

impl Status {
    /// The status with this code; `None` unless it is between 100 and 599.
    pub const fn new(code: u16) -> Option<Self> {
        if matches!(code, 100..=599) { Some(Self(code)) } else { None }
    }

    /// The code as a number.
    pub const fn code(self) -> u16 {
        self.0
    }

    /// Whether this is an interim status, 1xx (RFC 9110 §15.2).
    pub const fn is_interim(self) -> bool {
        self.0 < 200
    }

    /// Whether a response with this status never has a body (RFC 9112 §6.3, item 1).
    pub const fn is_bodiless(self) -> bool {
        self.is_interim() || matches!(self.0, 204 | 304)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.0, self.reason())
    }
}
