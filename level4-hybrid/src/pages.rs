//! Whether the next piece of a file is in memory, so that to send it is not to wait for a disk.
//!
//! The kernel is asked for single bytes, on condition that they cost no wait
//! (`RWF_NOWAIT`, preadv2(2)). If they would, a thread of the pool reads the piece, which brings
//! it into the page cache; then it is sent from there. Between the bytes that are asked for
//! a page may still be missing: the cache is filled in runs, and evicted in runs, so that is
//! rare, and costs one short wait.

use std::{
    fs::File,
    io::IoSliceMut,
    os::unix::fs::FileExt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use rustix::io::{Errno, ReadWriteFlags, preadv2};

use crate::blocking::{Pool, Task};

/// Bytes of a file that are looked at, or brought in, at a time.
const RUN_LEN: u64 = 1024 * 1024;

/// Bytes between two that are asked for: each costs a system call.
const STRIDE: usize = 256 * 1024;

/// What is known of the file that is being sent.
#[derive(Debug, Default)]
pub(crate) struct Pages {
    /// What comes before this offset is in memory, or was a moment ago.
    ready_until: u64,
    arriving: Option<Task<()>>,
}

impl Pages {
    /// Ready when a piece of `file` from `offset` on is in memory; of up to `len` bytes.
    pub(crate) fn poll_ready(
        &mut self,
        context: &mut Context<'_>,
        pool: &Pool,
        file: &Arc<File>,
        offset: u64,
        len: u64,
    ) -> Poll<()> {
        if let Some(task) = &mut self.arriving {
            // If it failed, sending will tell why.
            let _ = ready!(Pin::new(task).poll(context));
            self.arriving = None;
        }
        if offset >= self.ready_until {
            let run = offset..offset + len.min(RUN_LEN);
            self.ready_until = run.end;
            if !run.clone().step_by(STRIDE).chain([run.end - 1]).all(|at| is_in_memory(file, at)) {
                let file = Arc::clone(file);
                let mut task = pool.push(move || bring_in(&file, run));
                if Pin::new(&mut task).poll(context).is_pending() {
                    self.arriving = Some(task);
                    return Poll::Pending;
                }
            }
        }
        Poll::Ready(())
    }

    /// How much of `len` bytes from `offset` on is in memory.
    pub(crate) fn len_ready(&self, offset: u64, len: u64) -> usize {
        let len = len.min(self.ready_until.saturating_sub(offset));
        usize::try_from(len).unwrap_or(usize::MAX)
    }
}

/// Where the file system cannot tell, it counts as in memory.
fn is_in_memory(file: &File, offset: u64) -> bool {
    let mut byte = [0];
    let asked = preadv2(file, &mut [IoSliceMut::new(&mut byte)], offset, ReadWriteFlags::NOWAIT);
    asked != Err(Errno::AGAIN)
}

fn bring_in(file: &File, run: std::ops::Range<u64>) {
    let mut piece = vec![0; STRIDE];
    let mut offset = run.start;
    while offset < run.end {
        match file.read_at(&mut piece, offset) {
            Ok(0) | Err(_) => return,
            Ok(len) => offset += len as u64,
        }
    }
}
