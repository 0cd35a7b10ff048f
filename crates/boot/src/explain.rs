//! `perch-init explain`: what a boot would do, on any machine, without root and without doing it.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use lexopt::prelude::*;
use perch_core::explain::explain;
use perch_core::record::{self, NoFacts};

/// What `perch-init --help` says.
pub const HELP: &str = "\
perch-init: finds the medium of a live system, opens the session and starts the system.
The kernel starts it as /init of an initramfs. The scripts of another initramfs call

  perch-init mount --root DIR
      which does the same up to the root of the system, mounted at DIR, and leaves the rest to
      them. Exit status: 0 it is there, 1 it is not and the consoles say why, 2 nothing was done.

On a running system:

  perch-init explain --cmdline 'PARAMETERS' --facts FILE [--json]
      says what a boot with these parameters would decide and do, and changes nothing.
      FILE is /run/perch/boot.json of any machine, or - for standard input. Without
      --cmdline the parameters recorded in FILE are used.
  perch-init --help
  perch-init --version

Exit status: 0 done, 1 the file cannot be read or holds no facts, 2 wrong usage.
";

/// Why there is no explanation.
#[derive(Debug, thiserror::Error)]
pub enum ExplainError {
    /// The arguments are wrong.
    #[error("{0} (perch-init --help tells the usage)")]
    Usage(String),
    /// The file cannot be read.
    #[error("cannot read {}: {source}", .path.display())]
    Read {
        /// That file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is no boot record.
    #[error("{} is {source}", .path.display())]
    Facts {
        /// That file.
        path: PathBuf,
        /// Why.
        source: NoFacts,
    },
    /// The answer cannot be written.
    #[error("cannot write the answer: {0}")]
    Write(std::io::Error),
}

impl ExplainError {
    /// The exit status that goes with it.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Usage(_) => ExitCode::from(2),
            Self::Read { .. } | Self::Facts { .. } | Self::Write(_) => ExitCode::from(1),
        }
    }
}

/// Runs the command with the arguments after `explain`.
pub fn run(mut arguments: lexopt::Parser) -> Result<(), ExplainError> {
    let mut command_line = None;
    let mut path = None;
    let mut as_json = false;
    let usage = |error: lexopt::Error| ExplainError::Usage(error.to_string());
    while let Some(argument) = arguments.next().map_err(usage)? {
        match argument {
            Long("cmdline") => {
                command_line = Some(arguments.value().map_err(usage)?.string().map_err(usage)?);
            }
            Long("facts") => path = Some(PathBuf::from(arguments.value().map_err(usage)?)),
            Long("json") => as_json = true,
            Long("help") | Short('h') => return print(HELP),
            other => return Err(usage(other.unexpected())),
        }
    }
    let path = path.ok_or_else(|| ExplainError::Usage("--facts FILE is missing".to_owned()))?;
    let text = read(&path)?;
    let recorded = record::read(&text).map_err(|source| ExplainError::Facts { path, source })?;
    let command_line = command_line.or(recorded.cmdline).ok_or_else(|| {
        ExplainError::Usage("--cmdline is missing, and the file records none".to_owned())
    })?;
    let explanation = explain(&command_line, &recorded.facts, &[]);
    if as_json {
        let json = serde_json::to_string_pretty(&explanation)
            .map_err(|error| ExplainError::Write(error.into()))?;
        print(&format!("{json}\n"))
    } else {
        print(&format!("cmdline: {command_line}\n{explanation}"))
    }
}

fn read(path: &Path) -> Result<String, ExplainError> {
    let read = if path == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        std::fs::read_to_string(path)
    };
    read.map_err(|source| ExplainError::Read {
        path: path.to_owned(),
        source,
    })
}

/// Writes to standard output; a reader that went away is no error.
pub fn print(text: &str) -> Result<(), ExplainError> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => other.map_err(ExplainError::Write),
    }
}
