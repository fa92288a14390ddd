//! Static files: from a request's path to a response that carries a regular file.
//!
//! The path is judged by its letters first (`path.rs`), then by the file system: a name that
//! resolves to a place outside the root is refused, whatever links led there. Between that
//! look and the opening of the file somebody could still swap a link in; level 5 closes the
//! gap by having the kernel keep the root. Nothing but regular files is opened, and never in
//! a way that could block.

mod embedded;
mod media_type;
mod path;

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use rustix::fs::OFlags;

use self::path::{Refused, RelativePath};
use crate::http::{
    body::{Body, FileRange},
    head::Head,
    name::FieldName,
    response::{FieldValue, Response},
    status::Status,
};

/// A tree of files to serve.
#[derive(Debug, Clone)]
pub enum Site {
    /// The built-in one.
    Embedded,
    /// A directory, by its canonical path.
    Directory(PathBuf),
}

/// What a path leads to.
#[derive(Debug)]
pub enum Found {
    /// A file.
    File {
        /// Its name, which tells its media type.
        name: PathBuf,
        /// Its content.
        body: Body,
        /// When it was last changed.
        modified: Option<SystemTime>,
    },
    /// A directory that was asked for without the slash at its end.
    Directory,
    /// Nothing, or nothing that is served.
    Nothing,
    /// Something outside the root, or a path made to lead there.
    Outside,
    /// A file that cannot be read.
    Unreadable(io::Error),
}

impl Found {
    /// Whether it is a file, or a directory.
    pub const fn is_there(&self) -> bool {
        matches!(self, Self::File { .. } | Self::Directory)
    }
}

impl Site {
    /// The files below `root`.
    ///
    /// # Errors
    /// If it is not a directory that can be read.
    pub fn directory(root: &Path) -> io::Result<Self> {
        let root = root.canonicalize()?;
        fs::read_dir(&root)?;
        Ok(Self::Directory(root))
    }

    /// Whether there is a file at the target's path, or a directory.
    pub fn has(&self, head: &Head<'_>) -> bool {
        self.find(head.target().path()).is_there()
    }

    /// The answer to a GET or HEAD of the target's path.
    pub fn respond(&self, head: &Head<'_>) -> Response {
        self.answer(head, self.find(head.target().path()))
    }

    /// The answer to a GET or HEAD of the target's path, which leads to what was found.
    pub fn answer(&self, head: &Head<'_>, found: Found) -> Response {
        let path = head.target().path();
        match found {
            Found::File { name, body, modified } => file_response(&name, body, modified),
            Found::Directory => redirect_to_directory(head),
            Found::Nothing => self.not_found(),
            Found::Outside => {
                tracing::warn!(target: "security", path, "security: path traversal refused");
                Response::text(Status::FORBIDDEN, "403 Forbidden\n")
            }
            Found::Unreadable(error) => unreadable(path, &error),
        }
    }

    /// The 404 page: the directory's own `404.html`, or the built-in one.
    pub fn not_found(&self) -> Response {
        let body = match self.find("/404.html") {
            Found::File { body, .. } => body,
            _ => Body::from(embedded::NOT_FOUND_PAGE),
        };
        Response::new(Status::NOT_FOUND).line(media_type::HTML).body(body)
    }

    /// Follows the path of a target. This asks the file system, and may wait for it.
    pub fn find(&self, path: &str) -> Found {
        let relative = match path::parse(path) {
            Ok(relative) => relative,
            Err(Refused::Traversal) => return Found::Outside,
            Err(Refused::NotFound) => return Found::Nothing,
        };
        match self {
            Self::Embedded => find_embedded(&relative),
            Self::Directory(root) => {
                find_below(root, &relative).unwrap_or_else(|error| not_opened(error, root))
            }
        }
    }
}

fn find_embedded(relative: &RelativePath) -> Found {
    let index = Path::new("index.html");
    let name = if relative.path.as_os_str().is_empty() { index } else { &relative.path };
    match embedded::file(name) {
        Some(bytes) if !relative.is_directory || name == index => Found::File {
            name: name.to_owned(),
            body: bytes.into(),
            modified: embedded::last_modified(),
        },
        _ => Found::Nothing,
    }
}

fn find_below(root: &Path, relative: &RelativePath) -> io::Result<Found> {
    let mut name = root.join(&relative.path).canonicalize()?;
    if !name.starts_with(root) {
        return Ok(Found::Outside);
    }
    let mut metadata = fs::metadata(&name)?;
    if metadata.is_dir() && !relative.is_directory {
        return Ok(Found::Directory);
    }
    if metadata.is_dir() {
        name = name.join("index.html").canonicalize()?;
        if !name.starts_with(root) {
            return Ok(Found::Outside);
        }
        metadata = fs::metadata(&name)?;
    } else if relative.is_directory {
        return Ok(Found::Nothing);
    }
    if !metadata.is_file() {
        return Ok(Found::Nothing);
    }
    open(name)
}

/// Opens the file, once more making sure that it is one: opening a FIFO must not block, and
/// what the name stands for may have changed.
fn open(name: PathBuf) -> io::Result<Found> {
    let flags = OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::NOCTTY;
    let flags = flags.bits().cast_signed();
    let file: File = OpenOptions::new().read(true).custom_flags(flags).open(&name)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Ok(Found::Nothing);
    }
    let body = FileRange { file: Arc::new(file), offset: 0, len: metadata.len() }.into();
    Ok(Found::File { name, body, modified: metadata.modified().ok() })
}

fn not_opened(error: io::Error, root: &Path) -> Found {
    use io::ErrorKind::{InvalidFilename, NotADirectory, NotFound};
    match error.kind() {
        // A root that is gone is our trouble, not a wrong path.
        NotFound if !root.exists() => Found::Unreadable(error),
        NotFound | NotADirectory | InvalidFilename => Found::Nothing,
        _ => Found::Unreadable(error),
    }
}

fn file_response(name: &Path, body: Body, modified: Option<SystemTime>) -> Response {
    let response = Response::new(Status::OK).line(media_type::of(name)).body(body);
    // RFC 9110 §8.8.2.1: not later than the message itself.
    let modified = modified.map(|time| httpdate::fmt_http_date(time.min(SystemTime::now())));
    match modified.map(FieldValue::new) {
        Some(Ok(date)) => response.field(&FieldName::LAST_MODIFIED, &date),
        _ => response,
    }
}

/// To the same path with a slash, so that relative links in its index page work.
fn redirect_to_directory(head: &Head<'_>) -> Response {
    // The target has been held to RFC 3986 already; this keeps the answer safe by itself.
    const UNSAFE: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'\\');
    let target = head.target();
    let query = target.query().map(|query| format!("?{query}")).unwrap_or_default();
    let location = format!("{}/{query}", target.path());
    let location = utf8_percent_encode(&location, UNSAFE).to_string();
    let response = Response::text(Status::PERMANENT_REDIRECT, "308 Permanent Redirect\n");
    match FieldValue::new(location) {
        Ok(location) => response.field(&FieldName::LOCATION, &location),
        Err(_) => Response::new(Status::NOT_FOUND),
    }
}

fn unreadable(path: &str, error: &io::Error) -> Response {
    tracing::warn!(path, %error, "cannot read a file");
    let status = match error.kind() {
        io::ErrorKind::PermissionDenied => Status::FORBIDDEN,
        _ => Status::INTERNAL_SERVER_ERROR,
    };
    Response::text(status, format!("{status}\n"))
}
