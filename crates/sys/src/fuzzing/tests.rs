//! The corpora, which hold everything that was ever found, and what becomes of them by small changes.

use std::fs;
use std::path::PathBuf;

use super::*;

/// Where the corpus of a target lies.
fn seeds(target: &str) -> PathBuf {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/seeds");
    PathBuf::from(dir).join(target)
}

/// Runs a target on its corpus, and on `changed` variants of each seed, which are the same in every run.
fn run(target: &str, body: fn(&[u8]), changed: u32) {
    let mut paths: Vec<_> = fs::read_dir(seeds(target))
        .unwrap()
        .map(|seed| seed.unwrap().path())
        .collect();
    paths.sort();
    assert!(!paths.is_empty(), "{target} has no seeds");
    let mut state = 0_u64;
    // splitmix64
    let mut below = |end: usize| {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) >> 1).unwrap() % end.max(1)
    };
    for path in paths {
        let seed = fs::read(&path).unwrap();
        body(&seed);
        for _ in 0..changed {
            let mut bytes = seed.clone();
            for _ in 0..1 + below(4) {
                let at = below(bytes.len());
                match below(3) {
                    0 if at < bytes.len() => bytes[at] = u8::try_from(below(256)).unwrap(),
                    1 => bytes.truncate(at),
                    _ => {
                        let end = at + below(bytes.len() - at);
                        let piece = bytes[at..end].to_vec();
                        let to = below(bytes.len());
                        bytes.splice(to..to, piece);
                    }
                }
            }
            body(&bytes);
        }
    }
}

#[test]
fn no_kernel_line_stops_a_boot() {
    run("cmdline", cmdline, 300);
}

#[test]
fn no_session_json_hides_a_session() {
    run("session_json", session_json, 300);
}

#[test]
fn no_session_conf_hides_a_session() {
    run("session_conf", session_conf, 300);
}

#[test]
fn no_boot_record_stops_an_explanation() {
    run("boot_json", boot_json, 60);
}

#[test]
fn no_superblock_is_believed() {
    run("superblock", superblock, 100);
}

#[test]
fn no_index_of_modules_leads_round_in_circles() {
    run("modules", modules, 80);
}
