//! The new form of a session: made, filled and compared with the old one.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::AtomicBool;

use perch_core::manage::room::Load;
use perch_core::session::{Mode, UnionKind};
use perch_core::units::{Bytes, Mib, SessionId};
use perch_sys::usage;

use crate::content::{Access, Content};
use crate::error::{Error, FormError};
use crate::store::Store;
use crate::tree::{self, Report};
use crate::work::{Phase, Work};

/// What is made.
pub(super) struct Form {
    pub(super) mode: Mode,
    pub(super) size: Option<Mib>,
    /// Whose layout it gets: that of the original.
    pub(super) union: UnionKind,
}

/// What the files of a session take.
pub(super) fn load(content: &Content, work: &mut Work<'_>) -> Result<Load, Error> {
    Ok(content
        .measure(&mut work.watch(Phase::Measuring, None))?
        .load)
}

/// The same as far as it shows from outside.
pub(super) fn load_from_outside(store: &Store, id: SessionId) -> Load {
    let go_on = AtomicBool::new(false);
    let usage = usage::of(store.dir(), &id.to_string(), &go_on);
    Load {
        blocks: usage.map_or(Bytes(0), |usage| usage.allocated),
        entries: 0,
    }
}

impl Form {
    /// Makes it in the empty directory `new`, with what is in `content`.
    pub(super) fn make(
        &self,
        content: &Content,
        new: &OwnedFd,
        total: Bytes,
        work: &mut Work<'_>,
    ) -> Result<(), Error> {
        work.go_on()?;
        let made = Content::make(new.as_fd(), self.mode, self.size, self.union)?;
        let total = Some(total.0);
        let filled = {
            let mut watch = work.watch(Phase::Copying, total);
            made.fill_from(content.tree(), &mut watch)
        };
        let closed = made.close();
        refuse_losses(&filled?)?;
        closed?;
        // What is on the medium counts, not what was in memory.
        let again = Content::of(new.as_fd(), self.mode, Some(self.union), Access::Read)?;
        let compared = {
            let mut watch = work.watch(Phase::Comparing, total);
            tree::compare(content.tree(), again.tree(), &mut watch)
        };
        let closed = again.close();
        if let Some(first) = compared?.first() {
            let first = first.to_string();
            return Err(FormError::Differs { first }.into());
        }
        closed
    }
}

/// A session whose files are not all kept with everything is another one.
fn refuse_losses(report: &Report) -> Result<(), Error> {
    if report.blind {
        return Err(Error::NeedsRoot);
    }
    match report.losses.first.first() {
        None => Ok(()),
        Some(loss) => Err(FormError::Lost {
            count: report.losses.count,
            first: loss.to_string(),
        })?,
    }
}
