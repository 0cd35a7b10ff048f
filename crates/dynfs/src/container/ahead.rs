//! Reading ahead: the medium hears early of what comes next, since the files below look random to the kernel where blocks
//! of the disk lie in pieces, and it reads ahead little where they do not.

use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use super::Container;
use crate::part::{Extent, Place};
use crate::store::Store;

/// How far ahead, in bytes: some requests of the largest size.
const WINDOW: u64 = 4 << 20;
/// Bytes that are read in order before anything is read ahead: four times what Linux does by itself (128 KiB).
const START: u64 = 512 << 10;
/// How far requests of several threads pass each other, in bytes: the largest request.
const SLACK: u64 = 1 << 20;
/// The most runs that the medium is told of at once.
const MOST_RUNS: usize = 128;

/// Who reads in order, and how far ahead the medium was told.
#[derive(Debug)]
pub(super) struct Ahead {
    window: AtomicU64,
    stream: Mutex<Stream>,
}

impl Default for Ahead {
    fn default() -> Self {
        Self {
            window: AtomicU64::new(WINDOW),
            stream: Mutex::default(),
        }
    }
}

/// Virtual bytes that were read in order.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Stream {
    /// Where it began.
    start: u64,
    /// Behind the last byte that was read.
    end: u64,
    /// How many bytes were read in order until there.
    read: u64,
    /// Up to where the medium was told.
    told: u64,
}

impl Stream {
    /// Notes a request; what the medium is to be told of.
    fn note(&mut self, request: Range<u64>, window: u64) -> Option<Range<u64>> {
        if request.start.abs_diff(self.end) > SLACK {
            *self = Self {
                start: request.end,
                end: request.end,
                ..Self::default()
            };
            return None;
        }
        let more = request.end.saturating_sub(self.end);
        self.read += more.min(request.end - request.start);
        self.end = self.end.max(request.end);
        self.told = self.told.max(self.end);
        // Not with each request, but for many blocks at once.
        // Steps over most bytes are no order, however short they are.
        let is_dense = self.read >= (self.end - self.start) / 2;
        let is_due = self.read >= START && is_dense && self.told - self.end <= window / 2;
        is_due.then(|| self.told..self.end.saturating_add(window))
    }
}

impl<S: Store> Container<S> {
    /// Sets how many bytes are read ahead for whoever reads in order; 0 for none.
    pub fn set_read_ahead(&self, bytes: u64) {
        self.ahead.window.store(bytes, Ordering::Relaxed);
    }

    /// Tells the medium what follows a request, if it is one of many in order. What fails here fails again when it is read.
    pub(super) fn read_ahead(&self, offset: u64, len: u64) {
        if !self.store.is_cached(len) {
            return;
        }
        let window = self.ahead.window.load(Ordering::Relaxed);
        // Whoever has it locked tells enough.
        let Ok(mut stream) = self.ahead.stream.try_lock() else {
            return;
        };
        let request = offset..offset.saturating_add(len);
        let Some(range) = stream.note(request, window).filter(|_| window > 0) else {
            return;
        };
        let end = range.end.min(self.size());
        let Ok(chunks) = self.chunks(range.start, end.saturating_sub(range.start)) else {
            return;
        };
        let mut left = MOST_RUNS;
        for chunk in chunks {
            let (first, last) = chunk.entries();
            let mut part = chunk.cell.read();
            if !part.has_pages(first, last) {
                drop(part);
                if chunk.cell.write().load(&self.store, first, last).is_err() {
                    return;
                }
                part = chunk.cell.read();
            }
            for Extent { place, within } in part.extents(chunk.within.clone()) {
                let len = within.end - within.start;
                if let Place::Data(at) | Place::Shared(at) = place {
                    if left == 0 {
                        return;
                    }
                    left -= 1;
                    self.store.prefetch(part.file, at, len);
                }
                stream.told += len;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIB: u64 = 1 << 10;

    #[test]
    fn only_what_is_read_in_order_is_read_ahead() {
        let mut stream = Stream::default();
        let mut told = Vec::new();
        for request in 0..64 {
            let at = request * 128 * KIB;
            if let Some(range) = stream.note(at..at + 128 * KIB, WINDOW) {
                stream.told = range.end;
                told.push(range);
            }
        }
        let want = [(512, 4608), (4608, 6656)].map(|(start, end)| start * KIB..end * KIB);
        assert_eq!(told[..2], want, "{told:?}");
        assert!(told.windows(2).all(|pair| pair[0].end == pair[1].start));
        assert!(told.len() <= 6, "{told:?}");
    }

    /// Nor what is read in steps, which would be told of again and again.
    #[test]
    fn short_requests_far_apart_tell_nothing() {
        let mut stream = Stream::default();
        for at in 0..10_000 {
            let at = at * 68 * KIB;
            assert_eq!(stream.note(at..at + 4 * KIB, WINDOW), None);
        }
    }

    #[test]
    fn requests_may_pass_each_other() {
        let mut stream = Stream::default();
        let order = [1, 0, 3, 2, 5, 4, 7, 6];
        let told: Vec<_> = order
            .iter()
            .filter_map(|at| stream.note(at * 128 * KIB..(at + 1) * 128 * KIB, WINDOW))
            .collect();
        assert!(!told.is_empty());
    }

    #[test]
    fn random_reads_tell_nothing() {
        let mut stream = Stream::default();
        let mut numbers = crate::fuzzing::Numbers(7);
        for _ in 0..10_000 {
            let at = numbers.below(1 << 20) * 4 * KIB;
            assert_eq!(stream.note(at..at + 4 * KIB, WINDOW), None);
        }
        // The same block again and again is no order either.
        for _ in 0..1000 {
            assert_eq!(stream.note(0..4 * KIB, WINDOW), None);
        }
    }
}
