//! What any bytes may do to whoever reads an archive: the body of the fuzz target, feature `fuzzing`.
//!
//! `fuzz/` runs it without end; the test here runs it on its corpus, and on what becomes of that by small changes. A
//! panic is a finding.

use std::ops::ControlFlow;

use super::member::Members;
use super::place::Shape;
use super::policy::Limits;
use super::read::entries;
use super::survey::of_members;
use crate::tree::{Kind, Progress};

const LIMITS: Limits = Limits {
    bytes: 1 << 30,
    ratio: 1000,
    entries: 10_000,
    depth: 50,
    header: 1 << 16,
};

/// Reads a tar that somebody made up: an error, or entries whose names lead nowhere else.
pub fn archive(data: &[u8]) {
    let members = || Members::made_up(data.to_vec(), LIMITS);
    let mut shapes = vec![Shape::Beside, Shape::Within, Shape::Flat];
    if let Ok(survey) = of_members(members(), LIMITS, &mut go_on) {
        shapes = vec![survey.shape];
    }
    for shape in shapes {
        // The error is as good as any other outcome.
        let _ = entries(members(), shape, LIMITS, &mut go_on, &mut |next| {
            let entry = &next.entry;
            check(&entry.path);
            if let Kind::HardLink { to } = &entry.kind {
                check(to);
                assert!(!to.is_empty(), "a link to the tree itself");
            }
            assert!(entry.attributes.mode <= 0o7777, "permissions");
            assert!(
                entry.attributes.modified.nanoseconds < 1_000_000_000,
                "time"
            );
        });
    }
}

fn go_on(_: Progress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn check(path: &[u8]) {
    assert!(!path.contains(&0), "a zero in a path");
    for name in path
        .split(|&byte| byte == b'/')
        .filter(|_| !path.is_empty())
    {
        assert!(!matches!(name, b"" | b"." | b".."), "{path:?}");
        assert!(name.len() <= 255, "{path:?}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_archive_is_believed() {
        let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/seeds/archive");
        let mut count = 0_u64;
        for seed in std::fs::read_dir(dir).unwrap() {
            let bytes = std::fs::read(seed.unwrap().path()).unwrap();
            archive(&bytes);
            // Numbers that are the same in every run (splitmix64).
            let mut state = count;
            let mut below = |end: usize| {
                state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
                let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                usize::try_from(mixed >> 33).unwrap() % end
            };
            for _ in 0..300 {
                let mut bytes = bytes.clone();
                for _ in 0..1 + below(4) {
                    let (at, byte) = (below(bytes.len()), below(256));
                    bytes[at] = u8::try_from(byte).unwrap();
                }
                bytes.truncate(bytes.len() - below(bytes.len() / 8));
                archive(&bytes);
            }
            count += 1;
        }
        assert!(count > 0, "no seeds in {dir}");
    }
}
