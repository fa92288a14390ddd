//! The built-in site, part of the binary: it is served from any folder without a flag.

use std::{path::Path, sync::LazyLock, time::SystemTime};

const FILES: &[(&str, &[u8])] = &[
    ("404.html", NOT_FOUND_PAGE),
    ("favicon.svg", include_bytes!("../../www/favicon.svg")),
    ("index.html", include_bytes!("../../www/index.html")),
    ("style.css", include_bytes!("../../www/style.css")),
];

/// The page for a path that leads nowhere.
pub(crate) const NOT_FOUND_PAGE: &[u8] = include_bytes!("../../www/404.html");

/// The file at `path` below the site's root.
pub(crate) fn file(path: &Path) -> Option<&'static [u8]> {
    FILES.iter().find(|(name, _)| Path::new(name) == path).map(|(_, bytes)| *bytes)
}

/// When the files were last changed: when the binary was built.
pub(crate) fn last_modified() -> Option<SystemTime> {
    static BUILT: LazyLock<Option<SystemTime>> =
        LazyLock::new(|| std::env::current_exe().ok()?.metadata().ok()?.modified().ok());
    *BUILT
}
