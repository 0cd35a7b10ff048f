//! The last stage: the record for the running system, then the real init.

use std::convert::Infallible;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use perch_core::init;
use perch_core::ladder::Outcome;
use perch_core::notice::Notice;
use perch_core::record::Record;
use perch_sys::mount::Api;
use perch_sys::switch_root::{self, NewSystem, SwitchError};
use perch_sys::{dir, kmsg, replace};

/// Where the record lies.
pub const RECORD_DIR: &str = "/run/perch";
/// Its name there.
pub use perch_sys::layout::RECORD as RECORD_FILE;

/// Why the record could not be left behind.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// It could not be put into JSON.
    #[error("cannot write the boot record")]
    Json(#[from] serde_json::Error),
    /// Its directory could not be made.
    #[error("cannot make {RECORD_DIR}")]
    Directory(#[source] io::Error),
    /// It could not be opened.
    #[error("cannot write the boot record")]
    Open(#[from] dir::DirError),
    /// It could not be written.
    #[error("cannot write the boot record")]
    Write(#[from] replace::ReplaceError),
}

/// Writes the record.
pub fn leave_record(record: &Record<'_>) -> Result<(), RecordError> {
    fs::create_dir_all(RECORD_DIR).map_err(RecordError::Directory)?;
    let json = serde_json::to_vec(record)?;
    let dir = dir::open_dir(RECORD_DIR)?;
    replace::replace_file(dir.as_fd(), RECORD_FILE, &json, 0o644)?;
    Ok(())
}

/// The real init to start: the one asked for, if it is there, else the first of the usual ones.
/// `exists` tells whether a path is a program in the new root.
pub fn find_init(asked: Option<&str>, exists: impl Fn(&Path) -> bool) -> Option<PathBuf> {
    if let Some(asked) = asked {
        if exists(Path::new(asked)) {
            return Some(asked.into());
        }
        kmsg::tell(Notice::InitMissing {
            asked: asked.to_owned(),
        });
    }
    init::USUAL
        .iter()
        .map(PathBuf::from)
        .find(|path| exists(path))
}

/// The arguments for the real init: what the kernel gave us, less our own parameters.
pub fn init_arguments(ours: &[OsString]) -> Vec<OsString> {
    const TAKEN: [&str; 3] = ["perch", "timing", "toram"];
    ours.iter()
        .filter(|argument| !TAKEN.iter().any(|taken| argument == taken))
        .cloned()
        .collect()
}

/// Proof for [`switch_root`]: the union is mounted and proven, and all that was to be recorded is.
#[derive(Debug)]
pub struct Proven(());

impl switch_root::Committed for Proven {}

impl Proven {
    /// After the last step of a plan: only the ladder makes an outcome.
    pub fn by(_outcome: &Outcome) -> Self {
        Self(())
    }
}

/// Starts the real init in the union. Returns only if that fails.
pub fn start(
    proven: Proven,
    union: &Path,
    init: &Path,
    arguments: &[OsString],
) -> Result<Infallible, SwitchError> {
    let keep = [Api::Proc, Api::Sys, Api::Dev, Api::Run].map(Api::usual_target);
    switch_root::switch_root(
        proven,
        &NewSystem {
            root: union,
            keep: &keep,
            init,
            args: arguments,
        },
    )
}
