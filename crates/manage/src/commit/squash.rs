//! mksquashfs(1), which makes a file system of a stream.

use std::io::{self, Read};
use std::os::fd::AsRawFd;
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::thread::JoinHandle;

use perch_sys::programs::DIRECTORIES;

use super::CommitError;

/// How much of its words is kept, in bytes.
const MOST_SAID: u64 = 64 << 10;

/// How the data is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// Reads fast; kernels have it since 4.14.
    Zstd,
    /// Smallest; every kernel with squashfs has it.
    Xz,
    /// Every kernel with squashfs has it.
    Gzip,
}

impl Compression {
    /// As mksquashfs calls it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Zstd => "zstd",
            Self::Xz => "xz",
            Self::Gzip => "gzip",
        }
    }
}

/// The program at work.
pub(super) struct Squash {
    child: Child,
    said: JoinHandle<String>,
}

impl Squash {
    /// Starts it, to write into `file`. `time` is that of the newest entry, in seconds since 1970. Nothing but what it reads, and what it is told here, is in the result: neither the
    /// time nor how many processors there are.
    pub(super) fn start(
        file: &impl AsRawFd,
        root_mode: u32,
        time: i64,
        compression: Compression,
    ) -> Result<(Self, ChildStdin), CommitError> {
        let found = DIRECTORIES
            .iter()
            .map(|dir| format!("{dir}/mksquashfs"))
            .find(|path| std::path::Path::new(path).exists());
        let program = found.ok_or(CommitError::NoProgram)?;
        let out = format!("/proc/{}/fd/{}", std::process::id(), file.as_raw_fd());
        let mut child = Command::new(program)
            .args(["-", &out, "-tar", "-noappend", "-quiet", "-no-progress"])
            .args(["-comp", compression.word(), "-b", "131072"])
            .args(["-no-exports", "-reproducible"])
            .args(["-root-mode", &format!("{root_mode:o}")])
            .env_clear()
            // Of the file system and, as the newest time there may be, of the root: -root-time has no effect on it where
            // a stream is read.
            .env("SOURCE_DATE_EPOCH", time.to_string())
            .env("LC_ALL", "C")
            .current_dir("/")
            // Ctrl-C is for us: we end it.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(CommitError::Start)?;
        let missing = || CommitError::Start(io::ErrorKind::BrokenPipe.into());
        let input = child.stdin.take().ok_or_else(missing)?;
        let errors = child.stderr.take().ok_or_else(missing)?;
        let said = std::thread::spawn(move || {
            let mut errors = errors;
            let mut said = Vec::new();
            let _ = (&mut errors).take(MOST_SAID).read_to_end(&mut said);
            // The rest is of no use, but it shall not wait for us.
            let _ = io::copy(&mut errors, &mut io::sink());
            String::from_utf8_lossy(&said).into_owned()
        });
        Ok((Self { child, said }, input))
    }

    /// Waits for its end. Its input has to be closed.
    pub(super) fn end(mut self) -> Result<(), CommitError> {
        let status: ExitStatus = self.child.wait().map_err(CommitError::Start)?;
        let said = self.said.join().unwrap_or_default();
        match status.success() {
            true => Ok(()),
            false => Err(CommitError::Failed {
                said: said.split_whitespace().collect::<Vec<_>>().join(" "),
            }),
        }
    }

    /// Ends it at once.
    pub(super) fn kill(mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = self.said.join();
    }
}
