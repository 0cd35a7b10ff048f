//! `perch dynfilefs compact`

use std::ops::ControlFlow;

use dynfilefs::container::{Access, Compaction};
use perch_core::units::Bytes;
use serde::Serialize;

use crate::args::dynfilefs::Compact;
use crate::error::Error;
use crate::interrupt::Interrupt;
use crate::output::{Outcome, Output};
use crate::progress::Progress;
use crate::storage::Storage;

const BLOCK: u64 = 4096;

/// What compacting did, for programs.
#[derive(Serialize)]
struct Compacted {
    dry_run: bool,
    /// Bytes by which the parts are shorter, or would be at least.
    returned: u64,
    moved_blocks: u64,
    aligned_blocks: u64,
    unaligned_blocks: u64,
    dropped_blocks: u64,
}

pub(super) fn run(args: &Compact, output: &Output) -> Result<Outcome, Error> {
    let path = args.container.file.display();
    let storage = Storage::at(&args.container.file)?;
    let error = |error| storage.error(error);
    if args.dry_run {
        let report = storage.open(Access::Read)?.check().map_err(error)?;
        let data = Compacted {
            dry_run: true,
            returned: report.free * BLOCK,
            moved_blocks: 0,
            aligned_blocks: 0,
            unaligned_blocks: report.unaligned,
            dropped_blocks: 0,
        };
        let message = match data.returned {
            0 => format!("{path} has nothing to give back but what was deleted and not discarded"),
            bytes => format!("{path} would get {} shorter", Bytes(bytes)),
        };
        return Ok(Outcome::new(message).data(&data));
    }
    let container = storage.open(Access::Write)?;
    let interrupt = Interrupt::watch();
    let progress = Progress::of_steps(output, "compacting");
    let wanted = Compaction {
        drop_zeros: args.drop_zeros,
    };
    let did = container.compact(wanted, |at| {
        let message = format!("compacting part {} of {}", at.part + 1, at.parts);
        progress.set_of(at.done, at.total, message);
        match interrupt.is_asked() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    });
    drop(progress);
    let did = did.map_err(error)?;
    container.flush().map_err(error)?;
    if did.stopped {
        return Err(Error::Interrupted {
            left: "the container is in order and partly compacted; another run does the rest",
        });
    }
    let data = Compacted {
        dry_run: false,
        returned: did.returned,
        moved_blocks: did.moved,
        aligned_blocks: did.aligned,
        unaligned_blocks: did.unaligned,
        dropped_blocks: did.dropped,
    };
    let message = match did.returned {
        0 => format!("{path} had nothing to give back"),
        bytes => format!("{path} is {} shorter now", Bytes(bytes)),
    };
    Ok(Outcome::new(message).data(&data))
}
