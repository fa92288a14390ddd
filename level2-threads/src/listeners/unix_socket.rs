//! A listening socket in the file system, and the file it leaves there.
//!
//! The file outlives the server that made it, and bars the next one. So one where nobody
//! listens is replaced; one where somebody does, or that is no socket at all, is left alone.
//! (Two servers that start at the very same moment could both find it stale; the later one
//! has it then.)

use std::{
    fs, io,
    os::unix::fs::{FileTypeExt, MetadataExt},
    path::{Path, PathBuf},
};

use level1_blocking::listen;
use socket2::{Domain, SockAddr, Socket, Type};

/// Which file a socket made: one of the same name may be another's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SocketFile {
    device: u64,
    inode: u64,
}

impl SocketFile {
    fn at(path: &Path) -> io::Result<Self> {
        let metadata = fs::symlink_metadata(path)?;
        Ok(Self { device: metadata.dev(), inode: metadata.ino() })
    }

    /// Removes the file, if it is still this one.
    pub(super) fn remove(self, path: &Path) -> io::Result<()> {
        match Self::at(path) {
            Ok(file) if file == self => fs::remove_file(path),
            Ok(_) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// Why a path cannot be listened on; the message says what to do about it.
#[derive(Debug, thiserror::Error)]
pub(super) enum UnixSocketError {
    #[error("a socket's path has {LEN_MAX} bytes at most, this one has {0}; choose a shorter one")]
    TooLong(usize),
    #[error("the directory '{}' does not exist; create it, or choose another path", .0.display())]
    NoDirectory(PathBuf),
    #[error(
        "this user may not create or replace a socket in '{}'; grant it that, or choose another path",
        .0.display()
    )]
    NotPermitted(PathBuf),
    #[error("there is a file that is no socket; move it away, or choose another path")]
    NotSocket,
    #[error("another program is listening there; stop it, or choose another path")]
    InUse,
    #[error("the system refuses the path")]
    Io(#[source] io::Error),
}

/// The longest path that fits into an address, its final zero not counted: unix(7).
const LEN_MAX: usize = 107;

/// A socket that listens at `path`, with up to `backlog` connections in its queue.
pub(super) fn listen(path: &Path, backlog: u32) -> Result<(Socket, SocketFile), UnixSocketError> {
    let len = path.as_os_str().len();
    if len > LEN_MAX {
        return Err(UnixSocketError::TooLong(len));
    }
    let listening = || {
        let address = SockAddr::unix(path)?;
        let socket = socket()?;
        if is_stale(path, &address)? {
            fs::remove_file(path)?;
        }
        socket.bind(&address)?;
        listen::start(&socket, backlog)?;
        Ok((socket, SocketFile::at(path)?))
    };
    listening().map_err(|error| explain(path, error))
}

fn socket() -> io::Result<Socket> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    listen::limit_waits(&socket)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// Whether there is a socket where nobody listens. Any other file makes `bind` fail.
fn is_stale(path: &Path, address: &SockAddr) -> io::Result<bool> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.file_type().is_socket() => {}
        Ok(_) => return Err(io::ErrorKind::AlreadyExists.into()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    }
    // It does not wait for a place in the queue: whoever has a queue listens.
    match socket()?.connect(address) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Err(error),
        _ => Err(io::ErrorKind::AddrInUse.into()),
    }
}

fn explain(path: &Path, error: io::Error) -> UnixSocketError {
    let directory = match path.parent() {
        Some(parent) if parent != "" => parent,
        _ => Path::new("."),
    };
    match error.kind() {
        io::ErrorKind::NotFound => UnixSocketError::NoDirectory(directory.to_owned()),
        io::ErrorKind::PermissionDenied => UnixSocketError::NotPermitted(directory.to_owned()),
        io::ErrorKind::AlreadyExists => UnixSocketError::NotSocket,
        io::ErrorKind::AddrInUse => UnixSocketError::InUse,
        _ => UnixSocketError::Io(error),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};

    use rustix::io::Errno;

    use super::*;

    #[test]
    fn a_file_is_replaced_only_if_nobody_listens_there() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("socket");
        let in_use = "another program is listening there; stop it, or choose another path";
        let no_socket = "there is a file that is no socket; move it away, or choose another path";
        let message = || listen(&path, 1).expect_err("a file in the way").to_string();

        // Nobody closes a socket's file with the socket.
        drop(UnixListener::bind(&path).expect("a socket"));
        let (live, _) = listen(&path, 1).expect("a stale socket is replaced");
        UnixStream::connect(&path).expect("somebody listens");

        // Each attempt takes a place in a queue that has two.
        for _ in 0..4 {
            assert_eq!(message(), in_use);
        }

        drop(live);
        fs::remove_file(&path).expect("a file");
        let datagrams = UnixDatagram::bind(&path).expect("a socket");
        assert_eq!(message(), in_use);

        drop(datagrams);
        fs::remove_file(&path).expect("a file");
        fs::write(&path, "text").expect("a file");
        assert_eq!(message(), no_socket);
        assert_eq!(fs::read(&path).expect("still there"), b"text");
    }

    #[test]
    fn only_our_own_file_is_removed() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("socket");
        let (_socket, ours) = listen(&path, 1).expect("a socket");
        // Kept under another name, so that its inode is not given to the next file.
        fs::rename(&path, directory.path().join("kept")).expect("a file");
        ours.remove(&path).expect("a file that is gone is no failure");

        let (_socket, theirs) = listen(&path, 1).expect("a socket");
        ours.remove(&path).expect("another's file is no failure");
        assert!(path.exists());
        theirs.remove(&path).expect("our own file");
        assert!(!path.exists());
    }

    #[test]
    fn an_error_says_the_way_out() {
        let directory = tempfile::tempdir().expect("a directory");
        let missing = directory.path().join("missing");
        let error = listen(&missing.join("socket"), 1).expect_err("no directory");
        let missing = missing.display();
        assert_eq!(
            error.to_string(),
            format!("the directory '{missing}' does not exist; create it, or choose another path")
        );

        let fits = "x".repeat(LEN_MAX);
        let error = listen(Path::new(&(fits + "x")), 1).expect_err("too long");
        assert_eq!(
            error.to_string(),
            "a socket's path has 107 bytes at most, this one has 108; choose a shorter one"
        );

        // Not provoked: whoever runs the tests may be allowed everything.
        let not_permitted = |directory: &str| {
            format!(
                "this user may not create or replace a socket in '{directory}'; grant it that, or choose \
                 another path"
            )
        };
        for (path, errno, message) in [
            ("/run/socket", Errno::ACCESS, not_permitted("/run")),
            ("socket", Errno::PERM, not_permitted(".")),
            ("socket", Errno::ROFS, "the system refuses the path".to_owned()),
        ] {
            assert_eq!(explain(Path::new(path), errno.into()).to_string(), message);
        }
    }
}
