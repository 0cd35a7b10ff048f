//! The programs of e2fsprogs, and what their exit status means.

use std::os::fd::{AsFd, AsRawFd};
use std::time::Duration;

use super::progress::telling;
use super::{ContainerError, GrowError, Image};
use crate::child::End;
use crate::programs::{self, Ended, ProgramError};

/// How long formatting may take; it writes a few MiB.
const FORMAT: Duration = Duration::from_secs(10 * 60);
/// How long checking or growing may take: nobody wants a repair stopped half-way, and a slow stick
/// with a large container takes minutes.
const REPAIR: Duration = Duration::from_secs(30 * 60);

/// The features of a new file system, all named, so that neither the version of mke2fs nor its
/// configuration decides which kernels can mount it: these are in Linux 3.18 and in e2fsprogs 1.43.
/// `none` drops the rest.
const FEATURES: &str = "none,has_journal,ext_attr,resize_inode,dir_index,filetype,extent,64bit,\
flex_bg,sparse_super,large_file,huge_file,dir_nlink,extra_isize,metadata_csum";

/// What mke2fs(8) is told of every file system for sessions.
pub(crate) const MKE2FS: [&str; 13] = [
    "-q",
    "-t",
    "ext4",
    "-O",
    FEATURES,
    // As for large disks: it may grow, and blocks of 1 KiB limit what files can be.
    "-b",
    "4096",
    "-I",
    "256",
    // Nothing is held back for root: everything in a session is root's system.
    "-m",
    "0",
    // A new file reads as zeroes; discarding a whole stick can take minutes. What is not written is not
    // read (checksums), and the kernel clears it in the background.
    "-E",
    "nodiscard,lazy_itable_init=1,lazy_journal_init=1,root_owner=0:0",
];

/// Makes an ext4 file system in the whole of `image`. mke2fs(8).
pub(super) fn format(image: &Image) -> Result<(), ContainerError> {
    let path = path(&image.file);
    // It is a file, not a device.
    let arguments = MKE2FS.into_iter().chain(["-F", path.as_str()]);
    let ended = run("mke2fs", arguments, FORMAT)?;
    if ended.end == End::Exited(0) {
        return Ok(());
    }
    Err(failed("mke2fs", &ended))
}

/// Whether a check looks at everything, or only at what the superblock says is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Depth {
    /// Replays the journal, and goes on if the file system is marked as damaged.
    Needed,
    /// Everything, as resize2fs(8) demands.
    Full,
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is in order, or only its journal was to be replayed, or its `lost+found` to be made again.
    InOrder,
    /// It was repaired; the program's words.
    Repaired(String),
}

/// Checks the file system in `image` and repairs what needs no decision. e2fsck(8), "EXIT CODE": bits,
/// of which 1 is "errors corrected" and 2 "reboot", which concerns mounted file systems.
pub(super) fn check(image: &Image, depth: Depth) -> Result<Verdict, ContainerError> {
    let path = path(&image.file);
    let arguments = match depth {
        Depth::Needed => vec!["-p", &path],
        Depth::Full => vec!["-f", "-p", &path],
    };
    let ended = telling("checking the file system of the session", || {
        run("e2fsck", arguments, REPAIR)
    })?;
    match ended.end {
        End::Exited(0) => Ok(Verdict::InOrder),
        End::Exited(1) if has_only_made_lost_and_found(&ended) => Ok(Verdict::InOrder),
        End::Exited(1..=3) => Ok(Verdict::Repaired(ended.said())),
        status => Err(ContainerError::Errors {
            name: image.name,
            status: in_words(status),
            said: ended.said(),
        }),
    }
}

/// Whether all that e2fsck(8) had to correct was a `lost+found` that is not there: it is removed where a session is mounted
/// ([`Image::mount`]). Its texts are those of e2fsck/problem.c and e2fsck/unix.c, in C's language.
fn has_only_made_lost_and_found(ended: &Ended) -> bool {
    let lines = ended.lines.iter().map(|line| line.trim());
    let mut made = false;
    let is_nothing_else = lines.filter(|line| !line.is_empty()).all(|line| {
        let is_made = line.ends_with(": /lost+found not found.  CREATED.");
        made |= is_made;
        is_made || (line.contains("% non-contiguous), ") && line.ends_with(" blocks"))
    });
    made && is_nothing_else
}

/// Answers yes to whatever e2fsck(8) asks, and returns its last lines: for an image that nobody needs.
pub(super) fn answer_yes(image: &Image) -> Result<Vec<String>, ContainerError> {
    let path = path(&image.file);
    let ended = run("e2fsck", ["-f", "-y", path.as_str()], REPAIR)?;
    Ok(ended.lines.into_iter().collect())
}

/// Grows the file system in `image` to all of it. resize2fs(8).
pub(super) fn grow(image: &Image) -> Result<(), ContainerError> {
    let path = path(&image.file);
    let ended = telling("growing the file system of the session", || {
        run("resize2fs", [path.as_str()], REPAIR)
    })?;
    if ended.end == End::Exited(0) {
        return Ok(());
    }
    Err(failed("resize2fs", &ended))
}

impl GrowError {
    /// The failure of a check before anything was changed.
    pub(super) fn before(error: ContainerError) -> Self {
        match error {
            error @ ContainerError::Errors { .. } => Self::NotInOrder(error),
            error => Self::AsItWas(error),
        }
    }
}

fn run<'a>(
    name: &str,
    arguments: impl IntoIterator<Item = &'a str>,
    within: Duration,
) -> Result<Ended, ProgramError> {
    programs::run(name, arguments, within)
}

/// A path by which another process opens the very same file, whatever its name is by now. proc(5),
/// `/proc/pid/fd`.
fn path(file: impl AsFd) -> String {
    let number = file.as_fd().as_raw_fd();
    format!("/proc/{}/fd/{number}", std::process::id())
}

fn failed(program: &'static str, ended: &Ended) -> ContainerError {
    ContainerError::Failed {
        program,
        status: in_words(ended.end),
        said: ended.said(),
    }
}

/// How a program ended, in words that follow "ended with".
pub(crate) fn in_words(end: End) -> String {
    match end {
        End::Exited(code) => format!("status {code}"),
        End::Killed(signal) => format!("signal {signal}"),
        End::TimedOut => "its time over".to_owned(),
    }
}
