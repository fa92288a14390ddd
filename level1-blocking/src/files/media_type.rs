//! The media type of a file, by its extension: the types a web site is made of.

use std::path::Path;

use crate::http::response::FieldValue;

/// By extension, in lower case. Text is UTF-8, as it is everywhere on the web.
const MEDIA_TYPES: &[(&str, FieldValue)] = &[
    ("avif", FieldValue::from_static("image/avif")),
    ("bin", OCTETS),
    ("css", FieldValue::from_static("text/css; charset=utf-8")),
    ("csv", FieldValue::from_static("text/csv; charset=utf-8")),
    ("gif", FieldValue::from_static("image/gif")),
    ("gz", FieldValue::from_static("application/gzip")),
    ("htm", HTML),
    ("html", HTML),
    ("ico", FieldValue::from_static("image/vnd.microsoft.icon")),
    ("jpeg", JPEG),
    ("jpg", JPEG),
    ("js", JAVASCRIPT),
    ("json", FieldValue::from_static("application/json")),
    ("md", FieldValue::from_static("text/markdown; charset=utf-8")),
    ("mjs", JAVASCRIPT),
    ("mp3", FieldValue::from_static("audio/mpeg")),
    ("mp4", FieldValue::from_static("video/mp4")),
    ("ogg", FieldValue::from_static("audio/ogg")),
    ("otf", FieldValue::from_static("font/otf")),
    ("pdf", FieldValue::from_static("application/pdf")),
    ("png", FieldValue::from_static("image/png")),
    ("svg", FieldValue::from_static("image/svg+xml")),
    ("ttf", FieldValue::from_static("font/ttf")),
    ("txt", FieldValue::from_static("text/plain; charset=utf-8")),
    ("wasm", FieldValue::from_static("application/wasm")),
    ("wav", FieldValue::from_static("audio/wav")),
    ("webm", FieldValue::from_static("video/webm")),
    ("webmanifest", FieldValue::from_static("application/manifest+json")),
    ("webp", FieldValue::from_static("image/webp")),
    ("woff", FieldValue::from_static("font/woff")),
    ("woff2", FieldValue::from_static("font/woff2")),
    ("xml", FieldValue::from_static("text/xml; charset=utf-8")),
    ("zip", FieldValue::from_static("application/zip")),
];

/// HTML.
pub(crate) const HTML: FieldValue = FieldValue::from_static("text/html; charset=utf-8");
const JAVASCRIPT: FieldValue = FieldValue::from_static("text/javascript; charset=utf-8");
const JPEG: FieldValue = FieldValue::from_static("image/jpeg");
/// Bytes of which nothing is known: a browser saves them and shows nothing.
const OCTETS: FieldValue = FieldValue::from_static("application/octet-stream");

/// The media type of the file at `path`.
pub(crate) fn of(path: &Path) -> FieldValue {
    let extension = path.extension().and_then(|text| text.to_str()).unwrap_or_default();
    let extension = extension.to_ascii_lowercase();
    let found = MEDIA_TYPES.binary_search_by(|(known, _)| (*known).cmp(&extension));
    found.map_or(OCTETS, |at| MEDIA_TYPES[at].1.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_extension_is_found() {
        assert!(MEDIA_TYPES.is_sorted_by_key(|(extension, _)| *extension));
        for (name, expected) in [
            ("a/index.html", "text/html; charset=utf-8"),
            ("STYLE.CSS", "text/css; charset=utf-8"),
            ("x.tar.gz", "application/gzip"),
            ("photo.jpeg", "image/jpeg"),
            ("README", "application/octet-stream"),
            ("run.exe", "application/octet-stream"),
        ] {
            assert_eq!(of(Path::new(name)).as_bytes(), expected.as_bytes(), "{name}");
        }
    }
}
