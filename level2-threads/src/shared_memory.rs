//! Memory that a process shares with the children it forks.
//!
//! A fork copies everything, so a counter that a child counts up stays as it was in the
//! parent. A mapping that is made shared before the fork is the exception: parent and
//! children see the same bytes, and atomic operations on them work across processes as
//! across threads.
//!
//! This is one of the few files with `unsafe` in it. What it rests on is said by
//! [`InSharedMemory`], and whoever implements that says `unsafe` as well.

use std::{io, mem, ptr};

use rustix::mm::{MapFlags, ProtFlags, mmap_anonymous};

/// What the system maps is aligned to at least this.
const PAGE_LEN: usize = 4096;

/// Types that several processes may look at and change at the same time.
///
/// # Safety
/// A value whose bytes are all zero must be valid. And it must be made of atomics alone: an
/// address (a box, a reference, a lock's waiters) means something in one process only.
#[expect(unsafe_code, reason = "who implements it promises what the compiler cannot check")]
pub unsafe trait InSharedMemory: Sync + 'static {}

/// A value of zeros that this process and all it forks from now on have in common, for as
/// long as any of them lives.
///
/// # Errors
/// If the system has no memory for it.
pub fn map<T: InSharedMemory>() -> io::Result<&'static T> {
    const {
        assert!(size_of::<T>() > 0, "there is nothing to share");
        assert!(align_of::<T>() <= PAGE_LEN, "a mapping begins at a page");
        assert!(!mem::needs_drop::<T>(), "what owns something owns it in one process");
    }
    let (read_write, shared) = (ProtFlags::READ | ProtFlags::WRITE, MapFlags::SHARED);
    #[expect(unsafe_code, reason = "a mapping is an address until somebody says what is there")]
    // SAFETY: With no address asked for, the system picks one that nothing else uses, at the
    // beginning of a page, with room for a T, filled with zeros, which are a valid T. Nothing
    // unmaps it. Others write to it through shared references only, as a T allows.
    unsafe {
        let address = mmap_anonymous(ptr::null_mut(), size_of::<T>(), read_write, shared)?;
        Ok(&*address.cast::<T>())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use nix::{
        libc,
        sys::wait::waitpid,
        unistd::{ForkResult, fork},
    };

    use super::*;

    #[expect(unsafe_code, reason = "an atomic alone")]
    // SAFETY: It is an atomic, and zero is a valid one.
    unsafe impl InSharedMemory for AtomicU64 {}

    #[test]
    fn a_parent_sees_what_its_child_counts() {
        let counter: &AtomicU64 = map().expect("memory");
        assert_eq!(counter.fetch_add(1, Ordering::Relaxed), 0);
        #[expect(unsafe_code, reason = "a fork")]
        // SAFETY: The child does what is allowed after a fork of a process with threads: it
        // takes no lock and no memory, and ends without running anything of the parent's.
        let child = unsafe {
            match fork().expect("a process") {
                ForkResult::Parent { child } => child,
                ForkResult::Child => {
                    counter.fetch_add(41, Ordering::Relaxed);
                    libc::_exit(0)
                }
            }
        };
        waitpid(child, None).expect("the child ends");
        assert_eq!(counter.load(Ordering::Relaxed), 42);
    }
}
