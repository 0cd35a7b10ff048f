//! Programs of others: started with everything that could make their work differ from run to run taken away, watched, and
//! named with their package where they are missing.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read, Seek};
use std::ops::ControlFlow;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};

use super::error::ImageError;

/// How often the length of what is being written is looked at; the end of a program is noticed at once.
const GLANCE: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 200_000_000,
};
/// How much of a program's words a message repeats, in bytes.
const LAST_WORDS: usize = 600;

/// A program and the Debian package it comes from.
pub(super) type Tool = (&'static str, &'static str);

pub(super) const DEBUGFS: Tool = ("debugfs", "e2fsprogs");
pub(super) const EXTLINUX: Tool = ("extlinux", "extlinux");
pub(super) const GRUB_MKIMAGE: Tool = ("grub-mkimage", "grub-common");
pub(super) const MCOPY: Tool = ("mcopy", "mtools");
pub(super) const MKE2FS: Tool = ("mke2fs", "e2fsprogs");
pub(super) const MKFS_VFAT: Tool = ("mkfs.vfat", "dosfstools");
pub(super) const MMD: Tool = ("mmd", "mtools");
pub(super) const MOUNT: Tool = ("mount", "mount");
pub(super) const SFDISK: Tool = ("sfdisk", "fdisk");
pub(super) const SYSLINUX: Tool = ("syslinux", "syslinux");
pub(super) const UMOUNT: Tool = ("umount", "mount");
pub(super) const XORRISO: Tool = ("xorriso", "xorriso");

/// How far the work is: bytes of the image that are written, of about so many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Bytes written.
    pub done: u64,
    /// Bytes in all, as far as can be told before.
    pub total: u64,
}

/// Told of progress, from time to time; says whether to go on.
pub type Watcher<'a> = dyn FnMut(Progress) -> ControlFlow<()> + 'a;

/// Where work happens.
pub(super) struct Bench<'a> {
    /// A directory of its own, gone with the work.
    pub scratch: PathBuf,
    /// The image; under a name that is not its own yet.
    pub image: PathBuf,
    /// The time of everything on it, in seconds since 1970.
    pub time: u64,
    /// About the bytes that will be written.
    pub total: u64,
    pub watcher: &'a mut Watcher<'a>,
}

impl Bench<'_> {
    /// Runs a program to its end and returns what it said on both its outputs.
    pub(super) fn run<A: AsRef<OsStr>>(
        &mut self,
        tool: Tool,
        args: impl IntoIterator<Item = A>,
        input: Option<&Path>,
    ) -> Result<String, ImageError> {
        let (program, package) = tool;
        let mut words = tempfile::tempfile().map_err(|source| unwritten(&self.scratch, source))?;
        let output = |words: &File| words.try_clone().map(Stdio::from);
        let mut command = Command::new(program);
        command
            .args(args)
            .current_dir(&self.scratch)
            .envs(environment(self.time))
            .stdin(match input {
                Some(path) => File::open(path)
                    .map_err(|source| unwritten(path, source))?
                    .into(),
                None => Stdio::null(),
            })
            .stdout(output(&words).map_err(|source| unwritten(&self.scratch, source))?)
            .stderr(output(&words).map_err(|source| unwritten(&self.scratch, source))?);
        let mut child = command.spawn().map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => ImageError::ToolMissing { program, package },
            _ => ImageError::Read {
                path: program.into(),
                source,
            },
        })?;
        let watched = self.watch(&mut child);
        if watched.is_err() {
            let _ = child.kill(); // has ended otherwise
        }
        let status = child
            .wait()
            .map_err(|source| unwritten(&self.image, source))?;
        watched?;
        let mut said = Vec::new();
        words
            .rewind()
            .and_then(|()| words.read_to_end(&mut said))
            .map_err(|source| unwritten(&self.scratch, source))?;
        let said = String::from_utf8_lossy(&said).trim().to_owned();
        match status.success() {
            true => Ok(said),
            false => Err(ImageError::ToolFailed {
                program,
                status,
                said: last_words(&said),
            }),
        }
    }

    /// Tells how far it is until the program ends.
    fn watch(&mut self, child: &mut Child) -> Result<(), ImageError> {
        let unseen = |source: rustix::io::Errno| ImageError::Read {
            path: "the program".into(),
            source: source.into(),
        };
        let pidfd = pidfd_open(Pid::from_child(child), PidfdFlags::empty()).map_err(unseen)?;
        loop {
            let ended = poll(&mut [PollFd::new(&pidfd, PollFlags::IN)], Some(&GLANCE));
            match ended {
                Ok(0) | Err(rustix::io::Errno::INTR) => self.report()?,
                Ok(_) => return self.report(),
                Err(error) => return Err(unseen(error)),
            }
        }
    }

    /// Tells how much of the image takes space by now.
    fn report(&mut self) -> Result<(), ImageError> {
        let written = fs::metadata(&self.image).map_or(0, |meta| meta.blocks() * 512);
        let progress = Progress {
            done: written.min(self.total),
            total: self.total,
        };
        match (self.watcher)(progress) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(ImageError::Stopped),
        }
    }
}

/// Users have no `sbin` in their `PATH`. mtools would read the user's settings, and FAT keeps local times.
fn environment(time: u64) -> [(&'static str, String); 6] {
    const SYSTEM: &str = "/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin";
    let path = match std::env::var("PATH") {
        Ok(path) if !path.is_empty() => format!("{path}:{SYSTEM}"),
        _ => SYSTEM.to_owned(),
    };
    let time = time.to_string();
    [
        ("PATH", path),
        ("LC_ALL", "C.UTF-8".into()),
        ("TZ", "UTC".into()),
        ("MTOOLSRC", "/dev/null".into()),
        ("E2FSPROGS_FAKE_TIME", time.clone()),
        ("SOURCE_DATE_EPOCH", time),
    ]
}

/// A part of a boot loader that a package installed.
pub(super) fn part(path: &str, package: &'static str) -> Result<PathBuf, ImageError> {
    let path = PathBuf::from(path);
    match path.exists() {
        true => Ok(path),
        false => Err(ImageError::PartMissing { path, package }),
    }
}

fn last_words(said: &str) -> String {
    let from = said.len().saturating_sub(LAST_WORDS);
    let from = (from..=said.len()).find(|at| said.is_char_boundary(*at));
    said.get(from.unwrap_or(0)..).unwrap_or(said).to_owned()
}

pub(super) fn unwritten(path: &Path, source: io::Error) -> ImageError {
    ImageError::Write {
        path: path.to_owned(),
        source,
    }
}
