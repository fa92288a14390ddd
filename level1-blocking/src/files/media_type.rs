//! The media type of a file, by its extension, as the field that tells it: the types a web
//! site is made of.

use std::path::Path;

use crate::http::response::FieldLine;

/// By extension, in lower case. Text is UTF-8, as it is everywhere on the web.
const MEDIA_TYPES: &[(&str, FieldLine)] = &[
    ("avif", FieldLine::from_static("Content-Type: image/avif")),
    ("bin", OCTETS),
    ("css", FieldLine::from_static("Content-Type: text/css; charset=utf-8")),
    ("csv", FieldLine::from_static("Content-Type: text/csv; charset=utf-8")),
    ("gif", FieldLine::from_static("Content-Type: image/gif")),
    ("gz", FieldLine::from_static("Content-Type: application/gzip")),
    ("htm", HTML),
    ("html", HTML),
    ("ico", FieldLine::from_static("Content-Type: image/vnd.microsoft.icon")),
    ("jpeg", JPEG),
    ("jpg", JPEG),
    ("js", JAVASCRIPT),
    ("json", FieldLine::from_static("Content-Type: application/json")),
    ("md", FieldLine::from_static("Content-Type: text/markdown; charset=utf-8")),
    ("mjs", JAVASCRIPT),
    ("mp3", FieldLine::from_static("Content-Type: audio/mpeg")),
    ("mp4", FieldLine::from_static("Content-Type: video/mp4")),
    ("ogg", FieldLine::from_static("Content-Type: audio/ogg")),
    ("otf", FieldLine::from_static("Content-Type: font/otf")),
    ("pdf", FieldLine::from_static("Content-Type: application/pdf")),
    ("png", FieldLine::from_static("Content-Type: image/png")),
    ("svg", FieldLine::from_static("Content-Type: image/svg+xml")),
    ("ttf", FieldLine::from_static("Content-Type: font/ttf")),
    ("txt", FieldLine::from_static("Content-Type: text/plain; charset=utf-8")),
    ("wasm", FieldLine::from_static("Content-Type: application/wasm")),
    ("wav", FieldLine::from_static("Content-Type: audio/wav")),
    ("webm", FieldLine::from_static("Content-Type: video/webm")),
    ("webmanifest", FieldLine::from_static("Content-Type: application/manifest+json")),
    ("webp", FieldLine::from_static("Content-Type: image/webp")),
    ("woff", FieldLine::from_static("Content-Type: font/woff")),
    ("woff2", FieldLine::from_static("Content-Type: font/woff2")),
    ("xml", FieldLine::from_static("Content-Type: text/xml; charset=utf-8")),
    ("zip", FieldLine::from_static("Content-Type: application/zip")),
];

/// HTML.
pub(crate) const HTML: FieldLine = FieldLine::from_static("Content-Type: text/html; charset=utf-8");
const JAVASCRIPT: FieldLine =
    FieldLine::from_static("Content-Type: text/javascript; charset=utf-8");
const JPEG: FieldLine = FieldLine::from_static("Content-Type: image/jpeg");
/// Bytes of which nothing is known: a browser saves them and shows nothing.
const OCTETS: FieldLine = FieldLine::from_static("Content-Type: application/octet-stream");

/// The media type of the file at `path`.
pub(crate) fn of(path: &Path) -> FieldLine {
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
            assert_eq!(of(Path::new(name)).value(), expected.as_bytes(), "{name}");
        }
    }
}
