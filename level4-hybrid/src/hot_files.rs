//! The files that are asked for often, so that they cost no trip to the pool.
//!
//! To find and open a file may wait for a disk, so the pool does it. What it found is kept:
//! the response's fields, and the content of a small file or the descriptor of a large one.
//! It is trusted for a second. Then the path is followed again, and if it still leads to the
//! same file, by device, inode, size and times, what is kept stays good for another second.
//! So whatever a client is sent was the file's content at most a second ago.
//!
//! A descriptor that is kept open keeps a deleted file's space taken. So what nobody has asked
//! for in a minute is let go, when the next file is looked up.

use std::{
    fs::File,
    os::unix::fs::{FileExt, MetadataExt},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use bytes::Bytes;
use level1_blocking::{
    files::{Found, Site},
    http::{
        body::{Body, FileRange},
        head::{Head, OwnedHead},
        method::Method,
        response::{Response, ResponseFields},
        status::Status,
    },
};
use quick_cache::{Weighter, sync::Cache};
use rustix::process::{Resource, getrlimit};

use crate::blocking::{Full, Pool, Unfinished};

/// How long nobody looks whether a file has changed.
const TRUSTED_FOR: Duration = Duration::from_secs(1);

/// How long something is kept that nobody asks for.
const KEPT_FOR: Duration = Duration::from_mins(1);

/// Open files that a process must be allowed to have before any is kept open for later.
const OPEN_FILES_MIN: u64 = 1024;

/// Bytes up to which a file's content is kept; of a longer one, the descriptor.
const CONTENT_LEN_MAX: u64 = 64 * 1024;

/// What all that is kept may weigh. An entry weighs its bytes, but no less than `LEAST`; one
/// that keeps a descriptor open weighs as much as a whole content. So there are at most 256
/// descriptors, 4096 files, and 16 MiB.
const WEIGHT_MAX: u64 = 256 * CONTENT_LEN_MAX;
const LEAST: u64 = 4 * 1024;

/// A site's files, with those at hand that were asked for lately.
#[derive(Debug)]
pub struct HotFiles {
    pool: Arc<Pool>,
    shelf: Arc<Shelf>,
}

/// What the threads of the pool need to look a file up.
#[derive(Debug)]
struct Shelf {
    site: Site,
    hot: Cache<String, Hot, ByLen>,
    /// Whether descriptors are kept.
    keeps_open: bool,
    /// When the shelf was last cleared of what nobody asks for.
    cleared: Mutex<Instant>,
}

/// What is kept of a file.
#[derive(Debug, Clone)]
struct Hot {
    identity: Identity,
    trusted_until: Instant,
    fields: ResponseFields,
    content: Content,
}

#[derive(Debug, Clone)]
enum Content {
    Whole(Bytes),
    In(FileRange),
}

/// What tells a file from another one, and from itself after a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Identity {
    device: u64,
    inode: u64,
    len: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

/// What a path was found to lead to, and the answer to a GET or HEAD of it.
#[derive(Debug)]
pub struct LookedUp {
    /// The answer.
    pub response: Response,
    /// Whether it is a file, or a directory.
    pub is_there: bool,
}

/// Why nothing was looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotLookedUp {
    /// Too much waits for the pool.
    #[error(transparent)]
    Full(#[from] Full),
    /// The look-up was not finished.
    #[error(transparent)]
    Unfinished(#[from] Unfinished),
}

impl HotFiles {
    /// The files of `site`, none of them at hand.
    pub fn new(site: Site, pool: Arc<Pool>) -> Self {
        let items = usize::try_from(WEIGHT_MAX / LEAST).unwrap_or_default();
        let open_files = getrlimit(Resource::Nofile).current;
        let shelf = Shelf {
            site,
            hot: Cache::with_weighter(items, WEIGHT_MAX, ByLen),
            keeps_open: open_files.is_none_or(|count| count >= OPEN_FILES_MIN),
            cleared: Mutex::new(Instant::now()),
        };
        Self { pool, shelf: Arc::new(shelf) }
    }

    /// The answer to a GET or HEAD, if it can be given without a wait.
    pub fn at_hand(&self, head: &Head<'_>, now: Instant) -> Option<Response> {
        let Shelf { site, hot, .. } = &*self.shelf;
        if let Site::Embedded = site {
            return Some(site.respond(head));
        }
        let hot = hot.get(head.target().path())?;
        (now < hot.trusted_until).then(|| hot.response())
    }

    /// Follows the path of the target, on the pool. `now` is when the request came.
    ///
    /// # Errors
    /// If the pool is full, unless the file is one that was at hand until a moment ago: of its
    /// clients there may be many at that moment.
    pub async fn look_up(&self, head: OwnedHead, now: Instant) -> Result<LookedUp, NotLookedUp> {
        let was_at_hand = self.shelf.hot.peek(head.head().target().path()).is_some();
        let files = Arc::clone(&self.shelf);
        let look = move || files.look_up(&head.head(), now);
        let task = if was_at_hand { self.pool.push(look) } else { self.pool.offer(look)? };
        Ok(task.await?)
    }
}

impl Shelf {
    fn look_up(&self, head: &Head<'_>, now: Instant) -> LookedUp {
        self.clear(now);
        let path = head.target().path();
        let found = self.site.find(path);
        let is_there = found.is_there();
        let identity = identity(&found);
        let known = self.hot.get(path).filter(|known| Some(known.identity) == identity);
        let mut response = match &known {
            Some(known) => known.response(),
            None => self.site.answer(head, found),
        };
        let content = identity
            .filter(|_| response.status == Status::OK)
            .and_then(|_| self.content(&mut response.body, head.method()));
        if let (Some(identity), Some(content)) = (identity, content) {
            let (fields, trusted_until) = (response.fields.clone(), now + TRUSTED_FOR);
            self.hot.insert(path.to_owned(), Hot { identity, trusted_until, fields, content });
        } else if known.is_none() {
            // Whatever was known of this path, it leads elsewhere now.
            self.hot.remove(path);
        }
        LookedUp { response, is_there }
    }

    /// Lets go of what nobody has asked for in a while.
    fn clear(&self, now: Instant) {
        let mut cleared = self.cleared.lock().unwrap_or_else(PoisonError::into_inner);
        if now.saturating_duration_since(*cleared) >= KEPT_FOR {
            *cleared = now;
            self.hot.retain(|_, hot| now < hot.trusted_until + KEPT_FOR);
        }
    }

    /// What there is to keep, read if it is small. Of what nobody reads now, nothing is kept.
    fn content(&self, body: &mut Body, method: Method<'_>) -> Option<Content> {
        match body {
            Body::Bytes(bytes) => Some(Content::Whole(bytes.clone())),
            Body::File(range) if range.len > CONTENT_LEN_MAX => {
                self.keeps_open.then(|| Content::In(range.clone()))
            }
            Body::File(_) if method == Method::Head => None,
            Body::File(range) => {
                let mut bytes = vec![0; usize::try_from(range.len).ok()?];
                // A file that shrinks meanwhile is sent as it is found then.
                range.file.read_exact_at(&mut bytes, 0).ok()?;
                let bytes = Bytes::from(bytes);
                *body = Body::Bytes(bytes.clone());
                Some(Content::Whole(bytes))
            }
            Body::Stream(_) => None,
        }
    }
}

fn identity(found: &Found) -> Option<Identity> {
    let Found::File { body: Body::File(range), .. } = found else { return None };
    let file: &File = &range.file;
    let metadata = file.metadata().ok()?;
    Some(Identity {
        device: metadata.dev(),
        inode: metadata.ino(),
        len: metadata.len(),
        modified: (metadata.mtime(), metadata.mtime_nsec()),
        changed: (metadata.ctime(), metadata.ctime_nsec()),
    })
}

impl Hot {
    fn response(&self) -> Response {
        let body = match &self.content {
            Content::Whole(bytes) => bytes.clone().into(),
            Content::In(range) => range.clone().into(),
        };
        Response { status: Status::OK, fields: self.fields.clone(), body }
    }
}

/// See `WEIGHT_MAX`.
#[derive(Debug, Clone)]
struct ByLen;

impl Weighter<String, Hot> for ByLen {
    fn weight(&self, path: &String, hot: &Hot) -> u64 {
        let len = match &hot.content {
            Content::Whole(bytes) => bytes.len() as u64,
            Content::In(_) => CONTENT_LEN_MAX,
        };
        (len + path.len() as u64).max(LEAST)
    }
}
