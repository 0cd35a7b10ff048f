//! One tree into another place, and whatever it cannot keep there is told.

use std::os::fd::BorrowedFd;

use super::content::{Copier, Failed};
use super::error::{Action, TreeError};
use super::marks::drop_notes;
use super::{Kind, Losses, Progress, Sink, Walk, Watch, is_blind};

/// What came of a copy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// How much there was.
    pub done: Progress,
    /// How much of it shares its blocks with the original.
    pub shared: u64,
    /// Attributes in which overlayfs had noted something about its layers; they mean nothing to a copy.
    pub notes_dropped: u64,
    /// What the place could not keep.
    pub losses: Losses,
    /// Whether attributes `trusted.*` could not be seen, because we are not root: whatever there is of them is lost.
    pub blind: bool,
}

/// Copies the tree `from` into the empty directory `to`; both are open for reading. It is on the disk afterwards.
///
/// A failure leaves what is there so far: `to` is a directory that the caller puts in place, or removes.
pub fn copy(
    from: BorrowedFd<'_>,
    to: BorrowedFd<'_>,
    watch: &mut Watch<'_>,
) -> Result<Report, TreeError> {
    let mut walk = Walk::new(from)?;
    let mut sink = Sink::new(to)?;
    let mut copier = Copier::default();
    let mut report = Report {
        blind: is_blind(),
        ..Report::default()
    };
    while let Some(mut found) = walk.next()? {
        report.notes_dropped += drop_notes(&mut found.entry.attributes);
        let entry = &found.entry;
        if let Some(new) = sink.add(entry)?
            && let (Some(old), Kind::File { size }) = (&found.file, &entry.kind)
        {
            let done = &mut report.done;
            let mut step = |bytes: u64| {
                done.bytes += bytes;
                watch(*done).is_continue()
            };
            let copied = copier.copy(old, &new, *size, found.has_holes, &mut step);
            let shares = copied.map_err(|failed| match failed {
                Failed::Changed => TreeError::Changed {
                    path: entry.path.clone(),
                },
                Failed::Stopped => TreeError::Stopped,
                Failed::Io(errno) => TreeError::call(Action::Write, &entry.path)(errno),
            })?;
            if shares {
                report.shared += size;
            }
            sink.seal(&new, entry)?;
        }
        report.done.entries += 1;
        if watch(report.done).is_break() {
            return Err(TreeError::Stopped);
        }
    }
    report.losses = sink.finish()?;
    Ok(report)
}
