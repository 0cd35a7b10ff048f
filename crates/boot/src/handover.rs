//! The last stage: the record for the running system, then the real init, or whoever starts it.

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
use perch_sys::layout::Layout;
use perch_sys::mount::Api;
use perch_sys::switch_root::{self, NewSystem, SwitchError};
use perch_sys::{dir, kmsg, replace};

/// Where the record lies.
pub const RECORD_DIR: &str = "/run/perch";
/// Its name there.
pub use perch_sys::layout::RECORD as RECORD_FILE;

/// Who starts the real init once the union stands: all that tells perch's own initramfs from those of others.
#[derive(Debug, Clone)]
pub enum Handover {
    /// This program, as process 1: it becomes the real init.
    Init {
        /// What the kernel gave it for that.
        arguments: Vec<OsString>,
    },
    /// The scripts of a host initramfs, which also choose the init and move `/run` with all that is mounted below it.
    Host {
        /// Where they want the root of the system.
        root: PathBuf,
    },
}

impl Handover {
    /// Where things are mounted.
    pub fn layout(&self) -> Layout {
        match self {
            Self::Init { .. } => Layout::of_boot(),
            Self::Host { root } => Layout::of_boot().with_union(root),
        }
    }

    /// Whether a boot that fails is left to somebody else, by ending.
    pub fn is_to_host(&self) -> bool {
        matches!(self, Self::Host { .. })
    }
}

/// What this program ends with in a host initramfs when there is no system: its scripts have a shell or a restart for that.
pub const NO_SYSTEM: i32 = 1;

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

/// The mounts of the initramfs that come along.
fn kept() -> [&'static Path; 4] {
    [Api::Proc, Api::Sys, Api::Dev, Api::Run].map(Api::usual_target)
}

/// Leaves the union to the scripts of a host initramfs, which expect a directory there for each mount they move. Returns
/// only if that cannot be had.
pub fn leave_to_host(_proven: Proven, union: &Path) -> SwitchError {
    match switch_root::make_places(union, &kept()) {
        Ok(()) => std::process::exit(0),
        Err(error) => error,
    }
}

/// Starts the real init in the union. Returns only if that fails.
pub fn start(
    proven: Proven,
    union: &Path,
    init: &Path,
    arguments: &[OsString],
) -> Result<Infallible, SwitchError> {
    let keep = kept();
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
