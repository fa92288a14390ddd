//! Sends a file, without waiting for a disk.
//!
//! A piece that is not in memory would have to be read from the disk while it is sent. So the
//! kernel is first asked for single bytes of it, on condition that they cost no wait
//! (`RWF_NOWAIT`, preadv2(2)). If they would, a thread of the pool reads the piece, which brings
//! it into the page cache; then it is sent from there. Between the bytes that are asked for
//! a page may still be missing: the cache is filled in runs, and evicted in runs, so that is
//! rare, and costs one short wait.

use std::{
    fs::File,
    io::{self, ErrorKind, IoSliceMut},
    ops::Range,
    os::unix::fs::FileExt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use rustix::io::{Errno, ReadWriteFlags, preadv2};

use crate::{
    blocking::{Pool, Task},
    stream::Stream,
};

/// Bytes that are looked at, and sent or brought in, at a time. The first and the last of them
/// are asked for. More at a time were measured to cost more (100 MiB to 4 clients: 0.33 s of
/// processor time a GiB, and 0.37 s by four times as many).
const RUN_LEN: u64 = 256 * 1024;

/// Bytes that are read and written at a time, where the stream sends no file by itself.
const COPIED_LEN: usize = 64 * 1024;

/// What is known of the file that is being sent.
#[derive(Debug, Default)]
pub(crate) struct FileSender {
    /// What comes before this offset is in memory, or was a moment ago.
    ready_until: u64,
    arriving: Option<Task<()>>,
}

/// What is to be sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FilePart<'a> {
    pub(crate) file: &'a Arc<File>,
    pub(crate) offset: u64,
    /// At least one.
    pub(crate) len: u64,
}

impl FileSender {
    /// Whether it knows of a file.
    pub(crate) const fn has_begun(&self) -> bool {
        self.ready_until > 0
    }

    /// Whether the disk is waited for, and not the client.
    pub(crate) const fn is_waiting(&self) -> bool {
        self.arriving.is_some()
    }

    /// Sends some of `part`, and says how much; zero if the file is shorter than it was. `copied`
    /// is lent, for a stream that sends no file by itself.
    pub(crate) fn poll_send<S: Stream>(
        &mut self,
        mut stream: Pin<&mut S>,
        context: &mut Context<'_>,
        pool: &Pool,
        copied: &mut Vec<u8>,
        part: FilePart<'_>,
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_ready(context, pool, part));
        let FilePart { file, offset, len } = part;
        let len = len.min(self.ready_until.saturating_sub(offset));
        let len = usize::try_from(len).unwrap_or(usize::MAX);
        match ready!(stream.as_mut().poll_send_file(context, file, offset, len)) {
            Err(error) if error.kind() == ErrorKind::Unsupported => {}
            outcome => return Poll::Ready(outcome),
        }
        copied.resize(COPIED_LEN, 0);
        match file.read_at(&mut copied[..len.min(COPIED_LEN)], offset) {
            // Shorter than it was, or unreadable: the answer cannot be finished.
            Ok(0) | Err(_) => Poll::Ready(Ok(0)),
            Ok(len) => stream.poll_write(context, &copied[..len]),
        }
    }

    /// Ready when the beginning of `part` is in memory.
    fn poll_ready(
        &mut self,
        context: &mut Context<'_>,
        pool: &Pool,
        part: FilePart<'_>,
    ) -> Poll<()> {
        if let Some(task) = &mut self.arriving {
            // If it failed, sending will tell why.
            let _ = ready!(Pin::new(task).poll(context));
            self.arriving = None;
        }
        let FilePart { file, offset, len } = part;
        if offset < self.ready_until {
            return Poll::Ready(());
        }
        let run = offset..offset + len.min(RUN_LEN);
        self.ready_until = run.end;
        if [run.start, run.end - 1].iter().all(|at| is_in_memory(file, *at)) {
            return Poll::Ready(());
        }
        let file = Arc::clone(file);
        let task = self.arriving.insert(pool.push(move || bring_in(&file, run)));
        let _ = ready!(Pin::new(task).poll(context));
        self.arriving = None;
        Poll::Ready(())
    }
}

/// Where the file system cannot tell, it counts as in memory.
fn is_in_memory(file: &File, offset: u64) -> bool {
    let mut byte = [0];
    let asked = preadv2(file, &mut [IoSliceMut::new(&mut byte)], offset, ReadWriteFlags::NOWAIT);
    asked != Err(Errno::AGAIN)
}

fn bring_in(file: &File, run: Range<u64>) {
    let mut piece = vec![0; COPIED_LEN];
    let mut offset = run.start;
    while offset < run.end {
        match file.read_at(&mut piece, offset) {
            Ok(0) | Err(_) => return,
            Ok(len) => offset += len as u64,
        }
    }
}
