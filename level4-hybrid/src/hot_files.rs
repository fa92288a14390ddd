//! The files that are asked for often, so that they cost no trip to the pool.
//!
//! To find and open a file may wait for a disk, so the pool does it. What it found is kept:
//! the response's fields, and the content of a small file or the descriptor of a large one.
//! It is trusted for a second. Then the path is followed again, and if it still leads to the
//! same file, by device, inode, size and times, what is kept stays good for another second.
//! So whatever a client is sent was the file's content at most a second ago.

use std::{
    fs::File,
    os::unix::fs::{FileExt, MetadataExt},
    sync::Arc,
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

use crate::blocking::{Full, Pool, Unfinished};

/// How long nobody looks whether a file has changed.
const TRUSTED_FOR: Duration = Duration::from_secs(1);

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
    site: Arc<Site>,
    pool: Arc<Pool>,
    hot: Arc<Cache<String, Hot, ByLen>>,
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
        let hot = Arc::new(Cache::with_weighter(items, WEIGHT_MAX, ByLen));
        Self { site: Arc::new(site), pool, hot }
    }

    /// The answer to a GET or HEAD, if it can be given without a wait.
    pub fn at_hand(&self, head: &Head<'_>, now: Instant) -> Option<Response> {
        if let Site::Embedded = *self.site {
            return Some(self.site.respond(head));
        }
        let hot = self.hot.get(head.target().path())?;
        (now < hot.trusted_until).then(|| hot.response())
    }

    /// Follows the path of the target, on the pool. `now` is when the request came.
    ///
    /// # Errors
    /// If the pool is full.
    pub async fn look_up(&self, head: OwnedHead, now: Instant) -> Result<LookedUp, NotLookedUp> {
        let (site, hot) = (Arc::clone(&self.site), Arc::clone(&self.hot));
        Ok(self.pool.offer(move || look_up(&site, &hot, &head.head(), now))?.await?)
    }
}

fn look_up(
    site: &Site,
    hot: &Cache<String, Hot, ByLen>,
    head: &Head<'_>,
    now: Instant,
) -> LookedUp {
    let path = head.target().path();
    let found = site.find(path);
    let is_there = found.is_there();
    let identity = identity(&found);
    let known = identity.and_then(|found| hot.get(path).filter(|known| known.identity == found));
    let mut response = match &known {
        Some(known) => known.response(),
        None => site.answer(head, found),
    };
    if let (Some(identity), Status::OK) = (identity, response.status)
        && let Some(content) = content(&mut response.body, head.method())
    {
        let (fields, trusted_until) = (response.fields.clone(), now + TRUSTED_FOR);
        hot.insert(path.to_owned(), Hot { identity, trusted_until, fields, content });
    }
    LookedUp { response, is_there }
}

/// What there is to keep, read if it is small. Of what nobody reads now, nothing is kept.
fn content(body: &mut Body, method: Method<'_>) -> Option<Content> {
    match body {
        Body::Bytes(bytes) => Some(Content::Whole(bytes.clone())),
        Body::File(range) if range.len > CONTENT_LEN_MAX => Some(Content::In(range.clone())),
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
