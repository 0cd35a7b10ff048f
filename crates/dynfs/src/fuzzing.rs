//! What any bytes may do to a container: the bodies of the fuzz targets, feature `fuzzing`.
//!
//! `fuzz/` runs them without end; the tests here run them on its corpus and on a fixed choice of inputs. A panic is a
//! finding.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a panic is how a fuzz target says that it found something"
)]

mod disk;
mod hostile;
mod ops;

pub use hostile::{open, repair};
pub use ops::ops;

/// Bytes that decide what happens next; zeros behind their end.
#[derive(Debug)]
struct Input<'a>(&'a [u8]);

impl Input<'_> {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn number<const LEN: usize>(&mut self) -> u64 {
        let (now, rest) = self.0.split_at(self.0.len().min(LEN));
        self.0 = rest;
        now.iter()
            .rev()
            .fold(0, |number, byte| number << 8 | u64::from(*byte))
    }

    fn byte(&mut self) -> u8 {
        u8::try_from(self.number::<1>()).unwrap()
    }

    fn below(&mut self, end: u64) -> u64 {
        self.number::<4>() % end
    }
}

/// Numbers that are the same in every run (splitmix64).
#[derive(Debug)]
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the corpus holds, among it everything that was ever found, and 150 inputs more.
    #[expect(clippy::disallowed_methods, reason = "the corpus lies in files")]
    fn run(target: &str, body: fn(&[u8])) {
        let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/seeds/");
        let seeds = std::path::Path::new(dir).join(target);
        let mut count = 0;
        for seed in seeds.read_dir().unwrap() {
            body(&std::fs::read(seed.unwrap().path()).unwrap());
            count += 1;
        }
        assert!(count > 0, "no seeds in {}", seeds.display());
        let mut numbers = Numbers(4);
        for _ in 0..150 {
            let len = numbers.below(300);
            // Small numbers are more interesting than large ones.
            let most = 1 + numbers.below(256);
            let bytes = (0..len).map(|_| u8::try_from(numbers.below(most)).unwrap());
            body(&bytes.collect::<Vec<_>>());
        }
    }

    #[test]
    fn no_file_is_believed() {
        run("open", open);
    }

    #[test]
    fn any_sequence_keeps_what_was_flushed() {
        run("ops", ops);
    }

    #[test]
    fn any_index_can_be_repaired() {
        run("repair", repair);
    }
}
