//! Programs of others: where they are, and running them without a shell.
//!
//! In an initramfs of ours they lie packed, as hardly any boot needs one. The file [`INDEX`] has one
//! line for each: its name, its path, and the files in [`ARCHIVES`] that hold it and its libraries,
//! with spaces between. An archive is a cpio, packed by xz or zstd as its ending says, of files that
//! belong below `/`; the first use unpacks it. On a running system, without an index, programs are
//! looked for in [`DIRECTORIES`], never in `PATH`.

mod archive;
mod run;

use std::fs::{self, File, Permissions};
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::child::ChildError;
use crate::kmod::decompress::{MAX_MODULE, Packing, decompress};
use archive::ArchiveError;
pub(crate) use run::one_line;
pub use run::{Ended, run};

/// Where programs are looked for, in this order.
pub const DIRECTORIES: [&str; 4] = ["/usr/sbin", "/sbin", "/usr/bin", "/bin"];

/// Where an initramfs keeps its archives.
pub const ARCHIVES: &str = "/usr/lib/perch/programs";

/// The list of the programs in them.
pub const INDEX: &str = "/usr/lib/perch/programs/index";

/// Why a program could not be run.
#[derive(Debug, thiserror::Error)]
pub enum ProgramError {
    /// It is nowhere.
    #[error("there is no program {name} in this initramfs or system")]
    Missing {
        /// Its name.
        name: String,
    },
    /// An archive could not be read.
    #[error("cannot unpack the program {name} from {}", .archive.display())]
    Unreadable {
        /// The program.
        name: String,
        /// The archive.
        archive: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// An archive is damaged or does not hold what it should.
    #[error("cannot unpack the program {name} from {}", .archive.display())]
    Archive {
        /// The program.
        name: String,
        /// The archive.
        archive: PathBuf,
        /// Why.
        source: ArchiveError,
    },
    /// It could not be started, or not be watched.
    #[error(transparent)]
    Run(#[from] ChildError),
    /// It did not end in time and was ended.
    #[error("{} did not end within {} s and was stopped", .program.display(), .within.as_secs())]
    TimedOut {
        /// Its path.
        program: PathBuf,
        /// The time it had.
        within: Duration,
    },
}

/// The programs of one root directory.
#[derive(Debug)]
pub struct Programs {
    root: PathBuf,
}

/// Held while archives are unpacked: two threads may want the same one.
static UNPACKING: Mutex<()> = Mutex::new(());

/// A program of the index.
struct Entry {
    path: PathBuf,
    archives: Vec<PathBuf>,
}

/// The path of the program `name`, unpacked if need be, ready to be run.
pub fn path(name: &str) -> Result<PathBuf, ProgramError> {
    Programs::below("/").path(name)
}

/// Whether there is a program `name`; nothing is unpacked for the answer.
pub fn available(name: &str) -> bool {
    Programs::below("/").available(name)
}

impl Programs {
    /// The programs of the system or initramfs in `root`; paths in its index are relative to it.
    pub fn below(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// As [`available`].
    pub fn available(&self, name: &str) -> bool {
        self.entry(name).is_some() || self.installed(name).is_some()
    }

    /// As [`path`].
    pub fn path(&self, name: &str) -> Result<PathBuf, ProgramError> {
        let _one_at_a_time = UNPACKING.lock().unwrap_or_else(PoisonError::into_inner);
        let missing = || ProgramError::Missing { name: name.into() };
        let Some(entry) = self.entry(name) else {
            return self.installed(name).ok_or_else(missing);
        };
        for archive in &entry.archives {
            // What was unpacked is deleted: its memory is better used otherwise.
            if archive.exists() {
                self.unpack(name, archive)?;
            }
        }
        if is_program(&entry.path) {
            return Ok(entry.path);
        }
        Err(missing())
    }

    /// The line of the index for `name`.
    fn entry(&self, name: &str) -> Option<Entry> {
        let text = fs::read_to_string(self.inside(INDEX)).ok()?;
        let mut words = text
            .lines()
            .map(|line| line.split(' '))
            .find_map(|mut words| (words.next() == Some(name)).then_some(words))?;
        Some(Entry {
            path: self.inside(words.next()?),
            archives: words
                .map(|archive| self.inside(ARCHIVES).join(archive))
                .collect(),
        })
    }

    fn installed(&self, name: &str) -> Option<PathBuf> {
        if name.is_empty() || name.contains('/') {
            return None;
        }
        let places = DIRECTORIES.iter().map(|dir| self.inside(dir).join(name));
        places.into_iter().find(|path| is_program(path))
    }

    fn unpack(&self, name: &str, archive: &Path) -> Result<(), ProgramError> {
        let unreadable = |source| ProgramError::Unreadable {
            name: name.into(),
            archive: archive.into(),
            source,
        };
        let mut packed = Vec::new();
        File::open(archive)
            .and_then(|file| file.take(MAX_MODULE).read_to_end(&mut packed))
            .map_err(unreadable)?;
        let packing = Packing::of(&archive.to_string_lossy());
        let bytes = decompress(packing, &packed).map_err(unreadable)?;
        archive::unpack(&bytes, &self.root).map_err(|source| ProgramError::Archive {
            name: name.into(),
            archive: archive.into(),
            source,
        })?;
        // Where it cannot be deleted, the next use finds every file in its place.
        let _ = fs::remove_file(archive);
        Ok(())
    }

    /// An absolute path of the system as one that starts at the root directory in use.
    fn inside(&self, path: &str) -> PathBuf {
        self.root.join(path.trim_start_matches('/'))
    }
}

fn is_program(path: &Path) -> bool {
    let executable = |permissions: Permissions| permissions.mode() & 0o111 != 0;
    fs::metadata(path).is_ok_and(|found| found.is_file() && executable(found.permissions()))
}

#[cfg(test)]
mod tests;
