//! Making a file longer.

use std::fs::File;
use std::io;
use std::time::{Duration, Instant};

use perch_core::units::{Bytes, Mib};

use super::ContainerError;
use crate::kmsg;

/// How much at a time.
const STEP: u64 = 64 << 20;
/// How often the consoles show how far it is.
const EVERY: Duration = Duration::from_secs(5);

/// Makes `file` `to` bytes long; what is new reads as zeroes. It is never made shorter. On failure it
/// has the length that it had.
///
/// Most file systems note a hole, which takes no time. FAT has none and writes the zeroes
/// (fs/fat/file.c, `fat_cont_expand`; fallocate(2) goes the same way), which takes as long as copying a
/// file of that length: hence by steps, and with words.
pub(super) fn extend(file: &File, to: Bytes) -> Result<(), ContainerError> {
    let failed = |source| ContainerError::Extend { to, source };
    let from = file.metadata().map_err(failed)?.len();
    let outcome = by_steps(file, from, to);
    if outcome.is_err() {
        // Back to what it was; nothing is in the part that goes.
        let _ = file.set_len(from);
    }
    outcome.map_err(failed)
}

fn by_steps(file: &File, from: u64, to: Bytes) -> io::Result<()> {
    let mut length = from;
    let mut told = Instant::now();
    while length < to.0 {
        length = length.saturating_add(STEP).min(to.0);
        file.set_len(length)?;
        if told.elapsed() >= EVERY {
            told = Instant::now();
            let (done, all) = (Bytes(length).whole_mib(), to.whole_mib());
            kmsg::announce(&[line(done, all)]);
        }
    }
    Ok(())
}

fn line(done: Mib, all: Mib) -> String {
    format!(
        "writing the container of the session: {} of {all}, please wait",
        done.0
    )
}
