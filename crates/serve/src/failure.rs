//! What the kernel and the starter are told of an error.

use std::io;

use dynfilefs::error::Error;
use fuser::Errno;
use perch_core::cause::Causes;
use perch_core::serving::{Failure, FailureKind};

use crate::source::SourceError;

/// What the kernel is told; whoever reads or writes the disk gets it.
pub(crate) fn errno(error: &SourceError) -> Errno {
    match error {
        SourceError::Full | SourceError::Container(Error::Full) => Errno::ENOSPC,
        SourceError::Container(Error::ReadOnly) => Errno::EROFS,
        SourceError::Container(Error::OutOfRange { .. }) => Errno::EINVAL,
        SourceError::Container(_) | SourceError::Io(_) => Errno::EIO,
    }
}

/// What the starter is told.
pub(crate) fn failure(error: &Error) -> Failure {
    Failure::new(kind(error), Causes(error))
}

fn kind(error: &Error) -> FailureKind {
    match error {
        Error::NotFound => FailureKind::Missing,
        Error::Exists | Error::PartInTheWay { .. } | Error::TargetUsed => FailureKind::Exists,
        Error::Legacy => FailureKind::Legacy,
        Error::Full => FailureKind::Full,
        Error::ReadOnly => FailureKind::ReadOnly,
        Error::Geometry(_)
        | Error::Shrink { .. }
        | Error::OutOfRange { .. }
        | Error::TargetSmall { .. } => FailureKind::Size,
        Error::Header { .. }
        | Error::MainMissing
        | Error::PartMissing(_)
        | Error::PartShort { .. }
        | Error::PartSplit { .. } => FailureKind::Damaged,
        Error::Failed | Error::CopyDiffers { .. } => FailureKind::Medium,
        Error::Io { source, .. } => match source.kind() {
            io::ErrorKind::ResourceBusy => FailureKind::InUse,
            io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => {
                FailureKind::ReadOnly
            }
            _ if source.raw_os_error() == Some(rustix::io::Errno::MFILE.raw_os_error()) => {
                FailureKind::Kernel
            }
            _ => FailureKind::Medium,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dynfilefs::store::FileName;

    #[test]
    fn reasons_stay_apart() {
        let io = |number: rustix::io::Errno| Error::Io {
            what: "look at",
            file: FileName::Part(1),
            source: io::Error::from(number),
        };
        let busy = Error::Io {
            what: "look at",
            file: FileName::Part(0),
            source: io::Error::new(io::ErrorKind::ResourceBusy, "another program has it open"),
        };
        use rustix::io::Errno as Number;
        for (error, want, number) in [
            (Error::Full, FailureKind::Full, Errno::ENOSPC),
            (Error::ReadOnly, FailureKind::ReadOnly, Errno::EROFS),
            (Error::Failed, FailureKind::Medium, Errno::EIO),
            (Error::NotFound, FailureKind::Missing, Errno::EIO),
            (busy, FailureKind::InUse, Errno::EIO),
            (io(Number::IO), FailureKind::Medium, Errno::EIO),
            (io(Number::ROFS), FailureKind::ReadOnly, Errno::EIO),
            (io(Number::MFILE), FailureKind::Kernel, Errno::EIO),
        ] {
            assert_eq!(kind(&error), want, "{error:?}");
            assert_eq!(errno(&error.into()).code(), number.code());
        }
    }
}
