//! A session as an archive.

use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use perch_core::manage::permission::Verb;
use perch_core::manage::step::Step;
use perch_core::session::Session;
use perch_core::units::SessionId;
use perch_sys::usage;
use rustix::process::geteuid;

use crate::account::Account;
use crate::archive::{About, Options, Packed, WriteError, Written};
use crate::content::{Access, Content};
use crate::copy;
use crate::done::{Done, Effect};
use crate::error::{Error, TransferError};
use crate::live::Live;
use crate::store::Store;
use crate::work::{Phase, Work};

/// What the names of archives end with.
const SUFFIX: &str = ".tar.zst";

/// What is to be exported, and how.
#[derive(Debug, Clone)]
pub struct Wish {
    /// The session.
    pub id: SessionId,
    /// The archive, or the directory for it.
    pub path: PathBuf,
    /// Of zstd: 1 to 22.
    pub level: i32,
    /// Whether it is read back.
    pub verify: bool,
    /// Whether a file that is there is replaced.
    pub replace: bool,
}

/// What came of it.
#[derive(Debug)]
pub struct Exported {
    /// The steps.
    pub done: Done,
    /// The path of the archive.
    pub path: PathBuf,
    /// What is in it; absent after a dry run.
    pub written: Option<Written>,
}

/// Writes a session to an archive. What had its name before stays until the new one is whole and was read back.
///
/// # Errors
/// If it is refused, if something has that name, or if reading or writing fails; nothing is left of it then.
pub fn export(
    store: &Store,
    live: &Live,
    wish: &Wish,
    effect: Effect,
    work: &mut Work<'_>,
) -> Result<Exported, Error> {
    // Others see neither all files nor the marks of overlayfs on them.
    if !geteuid().is_root() {
        return Err(TransferError::NeedsRoot.into());
    }
    let exported = begin(store, live, wish, effect, work);
    work.outcome(exported)
}

fn begin(
    store: &Store,
    live: &Live,
    wish: &Wish,
    effect: Effect,
    work: &mut Work<'_>,
) -> Result<Exported, Error> {
    let account = Account::read(store, live)?;
    let content = Content::open(store, &account, Verb::Export, wish.id, Access::Read)?;
    let session = account.session(wish.id);
    let session = session.ok_or_else(|| store.not_found(wish.id))?;
    let at = Timestamp::now();
    let path = path(&wish.path, wish.id, &at.to_zoned(TimeZone::system()));
    if !wish.replace && path.symlink_metadata().is_ok() {
        return Err(WriteError::Exists { path }.into());
    }
    let total = total(&content, work);
    let mut exported = Exported {
        done: Done {
            id: Some(wish.id),
            steps: vec![Step::Export {
                id: wish.id,
                path: path.display().to_string(),
            }],
            notes: copy::repaired(&content, wish.id).into_iter().collect(),
        },
        path,
        written: None,
    };
    if effect == Effect::Real {
        let options = Options {
            level: wish.level,
            threads: None,
            replace: wish.replace,
            at,
        };
        let packed = Packed::new(
            content.tree(),
            content.layout(),
            &about(session),
            &exported.path,
            &options,
            &mut work.watch(Phase::Packing, total),
        )?;
        if wish.verify {
            packed.verify(&mut work.watch(Phase::Verifying, total))?;
        }
        let written = packed.commit()?;
        exported.done.notes.extend(sockets(&written));
        exported.written = Some(written);
    }
    content.close()?;
    Ok(exported)
}

/// About how many bytes there are, for whoever waits: told without opening each file. Absent where directories lie too
/// deep for that.
fn total(content: &Content, work: &Work<'_>) -> Option<u64> {
    let usage = usage::of(content.tree(), ".", work.stop())?;
    Some(usage.apparent.0.min(usage.allocated.0))
}

fn about(session: &Session) -> About {
    About {
        mode: session.mode,
        version: session.version.clone(),
        edition: session.edition.clone(),
        union: session.union,
    }
}

/// Where the archive goes.
fn path(asked: &Path, id: SessionId, now: &Zoned) -> PathBuf {
    if asked.is_dir() {
        let stamp = now.strftime("%Y%m%d-%H%M%S");
        return asked.join(format!("session-{id}-{stamp}{SUFFIX}"));
    }
    let name = asked.file_name().unwrap_or_default();
    if name.to_string_lossy().ends_with(SUFFIX) || name.is_empty() {
        return asked.to_owned();
    }
    let mut name = name.to_owned();
    name.push(SUFFIX);
    asked.with_file_name(name)
}

/// What has no place in an archive, and is of no use without the process that made it.
fn sockets(written: &Written) -> Option<String> {
    let (_, count) = written.sockets;
    (count > 0).then(|| format!("{count} sockets were left out: no program listens on them"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_archives_are_complete() {
        let dir = tempfile::tempdir().unwrap();
        let now: Timestamp = "2026-11-21T14:05:09Z".parse().unwrap();
        let now = now.to_zoned(TimeZone::UTC);
        for (asked, want) in [
            ("", "session-1-20261121-140509.tar.zst"),
            ("b", "b.tar.zst"),
            ("b.tar", "b.tar.tar.zst"),
            ("b.tar.zst", "b.tar.zst"),
            ("no/b", "no/b.tar.zst"),
        ] {
            let got = path(&dir.path().join(asked), SessionId::FIRST, &now);
            assert_eq!(got, dir.path().join(want), "{asked}");
        }
    }
}
