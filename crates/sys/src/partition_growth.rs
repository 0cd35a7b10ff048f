//! Carries out the growth of a partition that `perch_core::partition_growth` decided on.
//!
//! The disk is in use meanwhile: the system's own partition is mounted from it. So the kernel is told of
//! the one partition alone (`BLKPG`), as reading a table anew fails on such a disk. In this order:
//!
//! 1. the kernel shows the partition in its new place, where the table has nothing yet;
//! 2. an ext4 is made there, forced to the disk and read back;
//! 3. the table is written, see [`rewrite`](crate::partition_table::rewrite).
//!
//! Until 3 nothing that anybody has was touched, and the next boot finds the disk as this one did.

mod content;
mod survey;

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::time::Duration;

use perch_core::cause::Causes;
use perch_core::fs::FsKind;
use perch_core::notice::Notice;
use perch_core::partition_growth::{Extent, Growth, PERSISTENCE};
use rustix::fs::{Advice, OFlags, fadvise};
use rustix::io::Errno;

use crate::child::End;
use crate::container::ext4::{MKE2FS, in_words};
use crate::container::progress::telling;
use crate::ioctl;
use crate::kmsg;
use crate::partition_table::rewrite::{RewriteError, Write, rewrite};
use crate::programs::{self, ProgramError};
use crate::superblock;
pub use survey::{Survey, SurveyError};

/// The program that makes the file system.
pub const PROGRAM: &str = "mke2fs";
/// How long that may take; on a slow stick of 1 TB it writes some hundred MiB.
const FORMAT: Duration = Duration::from_secs(10 * 60);

/// Why a partition did not grow. Reads as a sentence; unless it says otherwise the disk is as it was.
#[derive(Debug, thiserror::Error)]
pub enum GrowthError {
    /// The disk cannot be written.
    #[error("cannot open /dev/{disk} for writing")]
    Open {
        /// Its name.
        disk: String,
        /// Why.
        source: io::Error,
    },
    /// The table cannot be rewritten.
    #[error("cannot plan the partition table of /dev/{disk}")]
    Table {
        /// The disk's name.
        disk: String,
        /// Why.
        source: RewriteError,
    },
    /// The kernel does not show the partition in its new place.
    #[error("the kernel does not move partition {number} of /dev/{disk}")]
    Kernel {
        /// The disk's name.
        disk: String,
        /// The partition's number.
        number: u32,
        /// `EBUSY` somebody uses it.
        source: Errno,
    },
    /// mke2fs(8) could not be run.
    #[error("cannot make a file system on /dev/{device}")]
    Program {
        /// The partition's name.
        device: String,
        /// Why.
        source: ProgramError,
    },
    /// mke2fs(8) failed.
    #[error("mke2fs on /dev/{device} ended with {status}: {said}")]
    Format {
        /// The partition's name.
        device: String,
        /// How it ended.
        status: String,
        /// What it said, in one line.
        said: String,
    },
    /// The new file system cannot be read back.
    #[error("the new file system on /dev/{device} cannot be read back: the disk may be failing")]
    NotThere {
        /// The partition's name.
        device: String,
        /// Why; absent if something else is read.
        source: Option<io::Error>,
    },
    /// The table could not be written.
    #[error(
        "cannot write the partition table of /dev/{disk}: the disk may be failing, copy what is on it"
    )]
    Write {
        /// The disk's name.
        disk: String,
        /// Why.
        source: io::Error,
    },
}

/// Moves and formats the partition. Afterwards it is /dev/`device` with an empty ext4 labelled
/// [`PERSISTENCE`].
pub fn grow(survey: &Survey, device: &str, growth: &Growth) -> Result<(), GrowthError> {
    let disk = survey.disk.clone();
    // Not exclusive: a partition of it is mounted.
    let file = open(&survey.disk).map_err(|source| GrowthError::Open {
        disk: disk.clone(),
        source,
    })?;
    // Known to be possible before anything is changed.
    let table = rewrite(&file, survey.block, growth).map_err(|source| GrowthError::Table {
        disk: disk.clone(),
        source,
    })?;
    show(&file, growth).map_err(|source| GrowthError::Kernel {
        disk: disk.clone(),
        number: growth.number,
        source,
    })?;
    let commit = || {
        format(device, growth.new)?;
        for (index, step) in table.writes.iter().enumerate() {
            match write(&file, step) {
                Ok(()) => {}
                Err(error) if index > table.decisive => {
                    // The new table counts already.
                    kmsg::tell(Notice::TableStoredOnce {
                        disk: disk.to_string(),
                        error: error.to_string(),
                    });
                    break;
                }
                Err(source) => {
                    let disk = disk.clone();
                    return Err(GrowthError::Write { disk, source });
                }
            }
        }
        Ok(())
    };
    commit().inspect_err(|_| show_as_before(&file, growth))
}

fn open(disk: &str) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags(OFlags::CLOEXEC.bits().cast_signed())
        .open(Path::new("/dev").join(disk))
}

/// Shows the partition in its new place, and not what is in its way.
fn show(disk: &File, growth: &Growth) -> Result<(), Errno> {
    let numbers = growth.without.iter().map(|filling| filling.number);
    for number in numbers.chain([growth.number]) {
        match ioctl::delete_partition(disk, number) {
            // ENXIO: the kernel never showed it.
            Ok(()) | Err(Errno::NXIO) => {}
            Err(error) => {
                show_as_before(disk, growth);
                return Err(error);
            }
        }
    }
    let Extent { start, length } = growth.new;
    ioctl::add_partition(disk, growth.number, start, length)
        .inspect_err(|_| show_as_before(disk, growth))
}

/// Shows what the table has. Nothing depends on it but what this boot sees.
fn show_as_before(disk: &File, growth: &Growth) {
    // Already gone, or in its new place.
    let _ = ioctl::delete_partition(disk, growth.number);
    let old = (growth.number, growth.old);
    let fillings = growth.without.iter().map(|it| (it.number, it.extent));
    for (number, extent) in fillings.chain([old]) {
        if let Err(error) = ioctl::add_partition(disk, number, extent.start, extent.length) {
            log::debug!("partition {number} is not shown as before: {error}");
        }
    }
}

/// Makes the file system and sees that it is on the disk. mke2fs(8); without `-F`, so that it refuses
/// what is in use.
fn format(device: &str, place: Extent) -> Result<(), GrowthError> {
    let node = Path::new("/dev").join(device);
    let path = node.to_string_lossy();
    let arguments = MKE2FS.into_iter().chain(["-L", PERSISTENCE, path.as_ref()]);
    let ended = telling("making the file system for sessions", || {
        programs::run(PROGRAM, arguments, FORMAT)
    });
    let ended = ended.map_err(|source| GrowthError::Program {
        device: device.to_owned(),
        source,
    })?;
    if ended.end != End::Exited(0) {
        return Err(GrowthError::Format {
            device: device.to_owned(),
            status: in_words(ended.end),
            said: ended.said(),
        });
    }
    let not_there = |source| GrowthError::NotThere {
        device: device.to_owned(),
        source,
    };
    let found = File::options()
        .read(true)
        .write(true)
        .open(&node)
        .and_then(|file| {
            settle(&file)?;
            superblock::read(&file)
        })
        .map_err(|error| not_there(Some(error)))?;
    let good = found.is_some_and(|it| {
        it.kind == FsKind::Ext4
            && it.label.as_deref() == Some(PERSISTENCE)
            && it.bytes.is_some_and(|bytes| bytes <= place.length)
    });
    good.then_some(()).ok_or_else(|| not_there(None))
}

/// Writes, forces it to the disk, and reads it from there.
fn write(disk: &File, write: &Write) -> io::Result<()> {
    disk.write_all_at(&write.bytes, write.offset)?;
    settle(disk)?;
    let mut there = vec![0; write.bytes.len()];
    disk.read_exact_at(&mut there, write.offset)?;
    if there == write.bytes {
        return Ok(());
    }
    let what = "what was written is not what is read back";
    Err(io::Error::new(io::ErrorKind::InvalidData, what))
}

/// Forces everything to the disk and forgets it, so that the next read asks the disk.
fn settle(file: &File) -> io::Result<()> {
    file.sync_all()?;
    // Not every kind of file forgets; then less is proven.
    if let Err(error) = fadvise(file, 0, None, Advice::DontNeed) {
        log::debug!("cannot drop cached blocks: {}", Causes(&error));
    }
    Ok(())
}
