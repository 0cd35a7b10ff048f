//! `perch why`: the last boot in plain sentences, from the record that it left.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use perch_core::why::{BadRecord, Detail, Why as Told, in_words, read};
use perch_sys::layout::Layout;

use crate::args::why::Why;
use crate::error::Error;
use crate::output::Outcome;

/// The longest record that is read, in bytes. A boot of a thousand sessions leaves less than one MiB.
const LONGEST: u64 = 64 << 20;

/// Why there is nothing to tell.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WhyError {
    /// No record where a boot leaves it.
    #[error("perch did not boot this system, or left no record: there is no {}", .path.display())]
    NotBooted { path: PathBuf },
    #[error("cannot read the record {}", .path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("the record {} is too long", .path.display())]
    TooLong { path: PathBuf },
    #[error("the record {} tells nothing", .path.display())]
    Bad { path: PathBuf, source: BadRecord },
}

impl WhyError {
    /// A stable word for programs.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::NotBooted { .. } => "not-booted-by-perch",
            Self::Read { source, .. } => match source.kind() {
                ErrorKind::NotFound => "not-found",
                ErrorKind::PermissionDenied => "no-root",
                _ => "io",
            },
            Self::TooLong { .. } => "not-a-record",
            Self::Bad { source, .. } => match source {
                BadRecord::Damaged(_) => "damaged",
                BadRecord::Foreign(_) => "not-a-record",
                BadRecord::Schema { .. } => "schema",
            },
        }
    }

    /// What to do next.
    pub(crate) fn hint(&self) -> &'static str {
        match self {
            Self::NotBooted { .. } => "name a record from elsewhere with --record FILE",
            Self::Read { .. } if self.code() == "no-root" => "start it with sudo",
            Self::Read { .. } => "name a copy of /run/perch/boot.json",
            Self::TooLong { .. } => "name a copy of /run/perch/boot.json",
            Self::Bad { source, .. } => source.hint(),
        }
    }
}

pub(crate) fn run(args: &Why) -> Result<Outcome, Error> {
    Ok(tell(args)?)
}

fn tell(args: &Why) -> Result<Outcome, WhyError> {
    let usual = Layout::of_boot().record();
    let path = args.record.as_deref().unwrap_or(&usual);
    let text = text(path).map_err(|error| match error {
        WhyError::Read { path, source }
            if args.record.is_none() && source.kind() == ErrorKind::NotFound =>
        {
            WhyError::NotBooted { path }
        }
        error => error,
    })?;
    let boot = read(&text).map_err(|source| WhyError::Bad {
        path: path.to_owned(),
        source,
    })?;
    let detail = match args.verbose {
        true => Detail::All,
        false => Detail::Short,
    };
    let told = Told::of(&boot);
    Ok(Outcome::new(told.headline())
        .text(in_words(&boot, detail))
        .data(&told))
}

fn text(path: &Path) -> Result<String, WhyError> {
    let failed = |source| WhyError::Read {
        path: path.to_owned(),
        source,
    };
    let mut bytes = Vec::new();
    let read = match path == Path::new("-") {
        true => io::stdin().lock().take(LONGEST + 1).read_to_end(&mut bytes),
        false => File::open(path).and_then(|file| file.take(LONGEST + 1).read_to_end(&mut bytes)),
    };
    match read.map_err(failed)? {
        length if length as u64 > LONGEST => Err(WhyError::TooLong {
            path: path.to_owned(),
        }),
        // What is no UTF-8 is damaged; where it is, JSON tells.
        _ => Ok(String::from_utf8_lossy(&bytes).into_owned()),
    }
}
