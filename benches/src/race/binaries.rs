//! The servers' binaries: built beside this one, in the profile that it was built in.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, ensure};

/// Where the binaries are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binaries {
    /// The race itself, which also [launches](super::server) the servers.
    pub race: PathBuf,
}

impl Binaries {
    /// Those beside the running program, which is the race.
    ///
    /// # Errors
    /// If the system does not say where that is.
    pub fn beside_this() -> anyhow::Result<Self> {
        let race = env::current_exe().context("cannot tell where this program is")?;
        Ok(Self { race })
    }

    /// The binary of this package.
    pub fn of(&self, package: &str) -> PathBuf {
        self.directory().join(package)
    }

    /// Builds these packages.
    ///
    /// # Errors
    /// If cargo cannot be run, or fails.
    pub fn build<'a>(&self, packages: impl IntoIterator<Item = &'a str>) -> anyhow::Result<()> {
        let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.current_dir(env!("CARGO_MANIFEST_DIR"));
        command.args(["build", "--quiet", "--profile", self.profile()]);
        for package in packages {
            command.args(["--package", package]);
        }
        let status = command.status().context("cannot run cargo to build the servers")?;
        ensure!(status.success(), "the servers cannot be built; cargo says why above");
        Ok(())
    }

    /// Cargo's profile for this directory; it has the profile's name, but for one.
    pub fn profile(&self) -> &str {
        match self.directory().file_name().and_then(|name| name.to_str()) {
            Some("debug") | None => "dev",
            Some(name) => name,
        }
    }

    /// Where reports go, unless told otherwise: a folder beside the profiles' directories.
    pub fn reports(&self) -> PathBuf {
        self.directory().parent().unwrap_or(Path::new(".")).join("race")
    }

    fn directory(&self) -> &Path {
        self.race.parent().unwrap_or(Path::new("."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_profile_is_that_of_the_directory() {
        for (path, profile) in [
            ("/target/release/race", "release"),
            ("/target/debug/race", "dev"),
            ("/target/quick/race", "quick"),
        ] {
            let binaries = Binaries { race: PathBuf::from(path) };
            assert_eq!(binaries.profile(), profile);
        }
    }

    #[test]
    fn the_servers_are_beside_the_race() {
        let binaries = Binaries { race: PathBuf::from("/target/release/race") };
        assert_eq!(binaries.of("level3-async"), PathBuf::from("/target/release/level3-async"));
    }
}
