//! When the packaged source was made, which is the time of everything in the packages, and part of their version.

use anyhow::{Context as _, Result};
use perch_tests::host::{command, run, workspace_dir};

/// Who answers for the packages; as in `debian/control`.
const MAINTAINER: &str = "The perch developers <perch@minios.dev>";
/// The version that is being worked on.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A commit, or a time given from outside.
pub struct Moment {
    /// Seconds since 1970.
    pub seconds: u64,
    /// What the packages are built from, for people.
    from: String,
}

impl Moment {
    /// That of `SOURCE_DATE_EPOCH` where it is set (reproducible-builds.org), else that of the last commit.
    ///
    /// # Errors
    /// If there is neither.
    pub fn of_commit() -> Result<Self> {
        if let Ok(given) = std::env::var("SOURCE_DATE_EPOCH") {
            let seconds = given
                .parse()
                .context("SOURCE_DATE_EPOCH is no number of seconds")?;
            return Ok(Self {
                seconds,
                from: format!("version {VERSION}"),
            });
        }
        let mut git = command("git");
        git.args(["log", "-1", "--format=%ct %h"])
            .current_dir(workspace_dir());
        let told = run(&mut git).context("without git, set SOURCE_DATE_EPOCH")?;
        let told = String::from_utf8_lossy(&told);
        let (seconds, commit) = told.trim().split_once(' ').context("git tells no commit")?;
        Ok(Self {
            seconds: seconds.parse()?,
            from: format!("commit {commit}"),
        })
    }

    /// `2026-11-20`, in UTC.
    pub fn day(&self) -> Result<String> {
        self.written("+%Y-%m-%d")
    }

    /// `debian/changelog`: one entry. The version sorts below that of the release, later commits above earlier ones.
    pub fn changelog(&self) -> Result<String> {
        let stamp = self.written("+%Y%m%d%H%M%S")?;
        let date = self.written("+%a, %d %b %Y %H:%M:%S %z")?;
        let from = &self.from;
        Ok(format!(
            "perch ({VERSION}~{stamp}) unstable; urgency=medium\n\n  * Built from {from}.\n\n -- {MAINTAINER}  {date}\n"
        ))
    }

    fn written(&self, format: &str) -> Result<String> {
        let date = format!("@{}", self.seconds);
        let text = run(command("date").args(["-u", "-d", &date, format]))?;
        Ok(String::from_utf8_lossy(&text).trim().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_changelog_is_what_dpkg_reads() {
        let moment = Moment {
            seconds: 1_763_733_558,
            from: "commit 0123abc".to_owned(),
        };
        assert_eq!(moment.day().unwrap(), "2025-11-21");
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("changelog");
        std::fs::write(&file, moment.changelog().unwrap()).unwrap();
        let parsed = run(command("dpkg-parsechangelog").arg("-l").arg(&file)).unwrap();
        let parsed = String::from_utf8(parsed).unwrap();
        for line in [
            format!("Version: {VERSION}~20251121135918"),
            "Timestamp: 1763733558".to_owned(),
        ] {
            assert!(
                parsed.lines().any(|found| found == line),
                "{line}: {parsed}"
            );
        }
    }
}
