//! Whether the container of a session grows by itself: when its file system is nearly full, as far as the
//! medium can keep what it promises.
//!
//! One rule for the moment at which a session is opened and for the time while it runs. How the size is found out
//! and made so is for others; so is telling the user once, not at every look.

use crate::session::Mode;
use crate::sizing;
use crate::units::{Bytes, Mib};

/// A file system that is used by more than this, in percent, is nearly full.
pub const NEARLY_FULL: u64 = 80;
/// A container grows by a quarter, but by this at least.
const STEP: Mib = Mib(1000);
/// What the medium can give has to be this much, or a container would grow again at every file.
const LEAST: Mib = Mib(16);

/// A container in use, as measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measure {
    /// Size of the file system in it (`f_blocks` of statvfs(3)).
    pub inner_total: Bytes,
    /// What is free there; what waits to be written counts as used.
    pub inner_free: Bytes,
    /// Size of its disk.
    pub size: Mib,
    /// What its files take on the medium, indexes included.
    pub taken: Bytes,
    /// What is free on the medium.
    pub medium_free: Bytes,
    /// The limit that the user set; absent for none.
    pub cap: Option<Mib>,
}

/// What follows from a measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Growth {
    /// There is room enough in it.
    Enough,
    /// It grows to this size, which is larger than what it has.
    To(Mib),
    /// It is nearly full and stays as it is.
    Cannot(Obstacle),
}

/// Why a container that is nearly full does not grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    /// It has the size that the user set as limit, or a larger one from before.
    Cap(Mib),
    /// The medium could not keep what a larger one promises.
    Medium {
        /// What is free on the medium.
        free: Bytes,
    },
}

impl Measure {
    /// How full the file system is, in percent, rounded down.
    pub fn percent(&self) -> u64 {
        let used = self.inner_total.0.saturating_sub(self.inner_free.0);
        let percent = u128::from(used) * 100 / u128::from(self.inner_total.0.max(1));
        u64::try_from(percent).unwrap_or(u64::MAX)
    }

    fn is_nearly_full(&self) -> bool {
        let used = self.inner_total.0.saturating_sub(self.inner_free.0);
        u128::from(used) * 100 > u128::from(self.inner_total.0) * u128::from(NEARLY_FULL)
    }
}

/// Decides whether a container grows. Never to less than it has.
pub fn decide(measure: &Measure) -> Growth {
    if !measure.is_nearly_full() {
        return Growth::Enough;
    }
    let size = measure.size;
    let wanted = Mib(size.0.saturating_add(STEP.0.max(size.0 / 4)));
    let wanted = match measure.cap {
        Some(cap) if cap <= size => return Growth::Cannot(Obstacle::Cap(cap)),
        Some(cap) => wanted.min(cap),
        None => wanted,
    };
    let space = Bytes(measure.taken.0.saturating_add(measure.medium_free.0));
    let to = wanted.min(sizing::promise(Mode::Dynfilefs, space));
    if to < wanted && to.0 < size.0.saturating_add(LEAST.0) {
        let free = measure.medium_free;
        return Growth::Cannot(Obstacle::Medium { free });
    }
    Growth::To(to)
}

/// How much is written to a container of that size before it is measured again. Measuring costs a few system calls,
/// and what is filled fast has to be seen before it is full.
pub fn look_after(size: Mib) -> Bytes {
    Bytes((size.bytes().0 / 128).clamp(1 << 20, 64 << 20))
}

#[cfg(test)]
mod tests;
