//! Chosen files of a session as a module: a bundle that gives every session and every boot what one session has.
//!
//! Marks of deletions and opaque directories stay what they are, since the union reads them in a bundle as well. The same
//! content gives the same bytes: the order is that of the names, no time is recorded but those of the files, and the time
//! of directories on the way to what was chosen is that of the newest chosen file. What was written is mounted and compared
//! before it gets its name.

mod chosen;
mod error;
mod squash;

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};

use perch_sys::dir::open_dir_beneath;
use perch_sys::loopdev;
use perch_sys::mount::{self, Options as MountOptions};

use crate::archive::{BLOCK, Layout, Packer, Target, WriteError, member, write_error};
use crate::tree::compare::{Difference, compare_by};
use crate::tree::{Kind, Progress, Time, TreeError, Walk, Watch};
use chosen::Chosen;
pub use chosen::{Choice, LeftOut};
pub use error::CommitError;
pub use squash::Compression;
use squash::Squash;

/// What is made into a module.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// The session's tree.
    pub tree: BorrowedFd<'a>,
    /// How it is laid out.
    pub layout: Layout,
    /// What of it.
    pub choice: &'a Choice,
}

/// How it is written.
#[derive(Debug, Clone)]
pub struct Options {
    /// The file.
    pub out: PathBuf,
    /// Whether one that is there is replaced.
    pub replace: bool,
    /// How the data is packed.
    pub compression: Compression,
}

/// What was chosen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Survey {
    /// Files, directories and all others, those on the way counted.
    pub entries: u64,
    /// Lengths of all files, in bytes.
    pub bytes: u64,
    /// What cannot be kept.
    pub left_out: LeftOut,
    /// When the newest of it was written.
    newest: Time,
    /// The permissions of the root.
    root_mode: u32,
}

impl Source<'_> {
    fn walk(&self, way_time: Time) -> Result<Chosen<'_>, TreeError> {
        Chosen::new(self.tree, self.layout, self.choice, way_time)
    }
}

/// Looks at what was chosen.
///
/// # Errors
/// If something of it is not there or cannot be kept, or the session cannot be read.
pub fn survey(source: &Source<'_>, watch: &mut Watch<'_>) -> Result<Survey, CommitError> {
    let mut chosen = source.walk(Time::default())?;
    let mut survey = Survey::default();
    let mut done = Progress::default();
    while let Some(found) = chosen.next()? {
        survey.entries += 1;
        survey.newest = survey.newest.max(found.entry.attributes.modified);
        if let Kind::File { size } = found.entry.kind {
            survey.bytes += size;
        }
        if found.entry.path.is_empty() {
            survey.root_mode = found.entry.attributes.mode;
        }
        done.entries += 1;
        if watch(done).is_break() {
            return Err(TreeError::Stopped.into());
        }
    }
    let missing = chosen.seen.iter().zip(&source.choice.paths);
    if let Some((_, path)) = missing.into_iter().find(|(seen, _)| !**seen) {
        return Err(CommitError::NotThere { path: path.clone() });
    }
    survey.left_out = chosen.left_out;
    Ok(survey)
}

/// Makes the module that a survey was made for, and returns its length in bytes.
///
/// # Errors
/// If the session cannot be read, changes meanwhile, or the module cannot be written or proven; nothing is left then.
pub fn commit(
    source: &Source<'_>,
    survey: &Survey,
    options: &Options,
    watch: &mut Watch<'_>,
) -> Result<u64, CommitError> {
    let target = Target::begin(&options.out, options.replace)?;
    let failed = |error| CommitError::from(write_error(&options.out, error));
    pack(source, survey, &target, options, watch)?;
    target.file().sync_all().map_err(failed)?;
    prove(source, survey, target.file(), watch)?;
    let length = target.file().metadata().map_err(failed)?.len();
    target.commit(options.replace)?;
    Ok(length)
}

fn pack(
    source: &Source<'_>,
    survey: &Survey,
    target: &Target,
    options: &Options,
    watch: &mut Watch<'_>,
) -> Result<(), CommitError> {
    let (mode, time) = (survey.root_mode, survey.newest.seconds);
    let (squash, input) = Squash::start(target.file(), mode, time, options.compression)?;
    match feed(source, survey, input, &options.out, watch) {
        Ok(()) => squash.end(),
        // It ended first: what it says counts, not that its pipe is gone.
        Err(CommitError::Write(WriteError::Write { source, .. }))
            if source.kind() == io::ErrorKind::BrokenPipe =>
        {
            squash.end()?;
            Err(CommitError::Start(source))
        }
        Err(error) => {
            squash.kill();
            Err(error)
        }
    }
}

/// Writes everything but the root, which the program was told of.
fn feed(
    source: &Source<'_>,
    survey: &Survey,
    input: impl Write,
    out: &Path,
    watch: &mut Watch<'_>,
) -> Result<(), CommitError> {
    let failed = |error| write_error(out, error);
    let mut packer = Packer::new(io::BufWriter::new(input), b"");
    let mut chosen = source.walk(survey.newest)?;
    let mut done = Progress::default();
    while let Some(found) = chosen.next()? {
        if !found.entry.path.is_empty() {
            member(
                &mut packer,
                &found,
                chosen.as_found,
                &failed,
                &mut |bytes| {
                    done.bytes += bytes;
                    watch(done).is_continue()
                },
            )?;
        }
        done.entries += 1;
        if watch(done).is_break() {
            return Err(TreeError::Stopped.into());
        }
    }
    packer
        .out
        .write_all(&[0; 2 * BLOCK])
        .and_then(|()| packer.out.flush())
        .map_err(|error| failed(error).into())
}

/// Mounts what was written where no path leads, and compares all of it with the session.
fn prove(
    source: &Source<'_>,
    survey: &Survey,
    file: &File,
    watch: &mut Watch<'_>,
) -> Result<(), CommitError> {
    let device = loopdev::attach(file, "module", &loopdev::Config::default());
    let device = device.map_err(CommitError::Attach)?;
    let options = MountOptions {
        read_only: true,
        nosuid: true,
        noexec: true,
        ..MountOptions::default()
    };
    let mounted = mount::mount_device("squashfs", &device.path, &options);
    let mounted = mounted.map_err(CommitError::Mount)?;
    let root = open_dir_beneath(&mounted, ".").map_err(CommitError::Open)?;
    let mut chosen = source.walk(survey.newest)?;
    let mut failed = None;
    let mut right = Walk::new(root.as_fd())?;
    let differences: Vec<Difference> = compare_by(
        &mut || match chosen.next() {
            Ok(found) => Ok(found),
            Err(CommitError::Tree(error)) => Err(error),
            Err(error) => {
                failed = Some(error);
                Ok(None)
            }
        },
        &mut || right.next(),
        watch,
    )?;
    if let Some(error) = failed {
        return Err(error);
    }
    match differences.first() {
        None => Ok(()),
        Some(first) => Err(CommitError::Differs {
            first: first.to_string(),
        }),
    }
}

#[cfg(test)]
mod tests;
