//! Programs of their own: some are killed, some are measured.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::*;

const JOB: &str = "DYNFILEFS_TEST_JOB";
const DIR: &str = "DYNFILEFS_TEST_DIR";

/// Starts this program again, to do nothing but `job`.
fn start(job: &str, dir: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child::job", "--nocapture"])
        .env(JOB, job)
        .env(DIR, dir)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// What the programs do that the tests below start; nothing if it is run as a test.
#[test]
fn job() {
    let Ok(dir) = std::env::var(DIR) else { return };
    match std::env::var(JOB).unwrap().as_str() {
        "write" => write(Path::new(&dir)),
        _ => touch_a_tebibyte(Path::new(&dir)),
    }
}

/// Writes rounds of the same 300 blocks for ever, and says which round is flushed.
fn write(dir: &Path) {
    let container = open(dir);
    for round in 1_u64.. {
        for block in 0..300 {
            let at = block * 37 % 300 * 7919 % 1536 * 4096;
            container.write(at, &content(block, round)).unwrap();
            if block % 10 == 9 {
                container.trim(at, 4096).unwrap();
                container.write(at, &content(block, round)).unwrap();
            }
        }
        container.flush().unwrap();
        println!("round {round}");
    }
}

fn content(block: u64, round: u64) -> Vec<u8> {
    let numbers = [block + 1, round];
    numbers.map(u64::to_le_bytes).concat().repeat(256)
}

/// Check 12: whenever it is killed, the container is free and sound, what was flushed is there, and no block holds what
/// belongs to another.
#[test]
fn check_12_a_killed_program_leaves_a_sound_container() {
    let dir = tempfile::tempdir().unwrap();
    drop(create(dir.path(), 4, 6));
    let mut before = 0;
    for rounds in [1, 3, 2] {
        let mut child = start("write", dir.path());
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut flushed = 0;
        for line in lines {
            let line = line.unwrap();
            let Some((_, round)) = line.split_once("round ") else {
                continue;
            };
            flushed = round.parse().unwrap();
            if flushed >= rounds {
                break;
            }
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let container = open(dir.path());
        assert_eq!(container.check().unwrap().findings, []);
        for block in 0..300 {
            let at = block * 37 % 300 * 7919 % 1536 * 4096;
            let found = read(&container, at, 4096);
            let last = (flushed..flushed + 100_000).take(50);
            let known = last.map(|round| content(block, round));
            let known = known.chain([vec![0; 4096]]).any(|known| known == found);
            assert!(
                known,
                "block {block} after round {flushed}, before {before}"
            );
        }
        before = flushed;
    }
}

/// Opens a disk of a tebibyte and touches all its parts and far more index pages than may stay.
fn touch_a_tebibyte(dir: &Path) {
    let peak = || -> u64 {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM:"));
        let words = line.unwrap().split_whitespace();
        words
            .skip(1)
            .take(1)
            .map(|kib| kib.parse::<u64>().unwrap())
            .sum()
    };
    let container = open(dir);
    let before = peak();
    let step = 16 * MIB;
    for at in (0..container.size()).step_by(usize::try_from(step).unwrap()) {
        if at % (4096 * MIB) < 2 * step {
            container.write(at, &[1; 512]).unwrap();
        }
        if at % (1024 * MIB) == 0 {
            container.flush().unwrap();
        }
        assert_eq!(read(&container, at + 8192, 512), [0; 512]);
    }
    container.flush().unwrap();
    println!("peak {}", peak() - before);
}

/// Check 19: memory does not grow with the disk.
#[test]
fn check_19_a_tebibyte_needs_little_memory() {
    let dir = tempfile::tempdir().unwrap();
    drop(create(dir.path(), 4000, 1 << 20));
    let output = start("tebibyte", dir.path()).wait_with_output().unwrap();
    let output = String::from_utf8(output.stdout).unwrap();
    let peak = output.lines().find_map(|line| line.split_once("peak "));
    let kib: u64 = peak.unwrap().1.parse().unwrap();
    // 16 MiB of index pages, one scan of an index, and what allocators keep.
    assert!(kib < 64 << 10, "{kib} KiB");
    let container = open(dir.path());
    assert_eq!(container.geometry().parts(), 263);
    assert_eq!(container.check().unwrap().used, 512);
}
