//! What is done with each disk.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Result, ensure};
use perch_tests::host::{command, run};

use super::disk::Disk;

/// How much is written and read in sequence, in MiB.
const SEQUENCE_MIB: usize = 1024;
/// How many blocks are written, and read, in no order.
const BLOCKS: usize = 8192;
/// After so many written blocks they are made durable.
const SYNC_EVERY: usize = 32;
/// How many files the archive has.
pub const FILES: usize = 20_000;
/// How long they are on average, in bytes.
const AVERAGE: u64 = 7_650;
const BLOCK: usize = 4096;

/// One job. Those that need the file of the first come after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Job {
    /// A new file, 1 MiB at a time, durable at the end.
    SequentialWrite,
    /// The same file, with no cache holding any of it.
    SequentialRead,
    /// Blocks of the same file, durable every now and then.
    RandomWrite,
    /// Blocks of the same file, with no cache holding any of it.
    RandomRead,
    /// Many small files, durable at the end.
    Untar,
}

impl Job {
    /// All, in order.
    pub const ALL: [Self; 5] = [
        Self::SequentialWrite,
        Self::SequentialRead,
        Self::RandomWrite,
        Self::RandomRead,
        Self::Untar,
    ];

    /// What is done, and what its figure counts a second: more is better.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::SequentialWrite => ("sequential write", "MiB/s"),
            Self::SequentialRead => ("sequential read", "MiB/s"),
            Self::RandomWrite => ("random write", "4k/s"),
            Self::RandomRead => ("random read", "4k/s"),
            Self::Untar => ("untar", "files/s"),
        }
    }

    /// Does it; returns how much was done a second.
    ///
    /// # Errors
    /// If the disk fails.
    pub fn run(self, disk: &Disk, load: &Load) -> Result<f64> {
        let path = disk.root().join("file");
        match self {
            Self::SequentialWrite => write_sequence(disk, &path),
            Self::SequentialRead => {
                forget(disk)?;
                read_sequence(&path)
            }
            Self::RandomWrite => write_blocks(&path),
            Self::RandomRead => {
                forget(disk)?;
                read_blocks(&path)
            }
            Self::Untar => untar(disk, load),
        }
    }
}

impl fmt::Display for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, unit) = self.words();
        f.pad(&format!("{what}, {unit}"))
    }
}

/// What jobs work on.
pub struct Load {
    archive: PathBuf,
}

impl Load {
    /// Makes it below `dir`.
    ///
    /// # Errors
    /// If the archive cannot be written.
    pub fn make(dir: &Path) -> Result<Self> {
        let (tree, archive) = (dir.join("tree"), dir.join("files.tar"));
        let mut random = Random(1);
        let mut content = vec![0; 2 * usize::try_from(AVERAGE)?];
        random.fill(&mut content);
        for number in 0..FILES {
            let place = tree.join(format!("{:03}", number / 100));
            if number % 100 == 0 {
                fs::create_dir_all(&place)?;
            }
            let len = usize::try_from(random.below(2 * AVERAGE))?;
            fs::write(place.join(format!("{number:05}")), &content[..len])?;
        }
        run(command("tar")
            .arg("-cf")
            .arg(&archive)
            .arg("-C")
            .arg(&tree)
            .arg("."))?;
        fs::remove_dir_all(&tree)?;
        Ok(Self { archive })
    }
}

/// Writes back and drops what any cache holds, of the disk and of what it is kept in.
fn forget(disk: &Disk) -> Result<()> {
    disk.sync()?;
    rustix::fs::sync();
    fs::write("/proc/sys/vm/drop_caches", "3")?;
    Ok(())
}

fn write_sequence(disk: &Disk, path: &Path) -> Result<f64> {
    forget(disk)?;
    let mut bytes = vec![0; 1 << 20];
    Random(2).fill(&mut bytes);
    let started = Instant::now();
    let mut file = File::create(path)?;
    for _ in 0..SEQUENCE_MIB {
        file.write_all(&bytes)?;
    }
    file.sync_all()?;
    Ok(rate(SEQUENCE_MIB, started))
}

fn read_sequence(path: &Path) -> Result<f64> {
    let mut bytes = vec![0; 1 << 20];
    let mut file = File::open(path)?;
    let started = Instant::now();
    let mut count = 0;
    loop {
        let read = file.read(&mut bytes)?;
        if read == 0 {
            break;
        }
        count += read;
    }
    ensure!(count == SEQUENCE_MIB << 20, "only {count} bytes were read");
    Ok(rate(SEQUENCE_MIB, started))
}

fn write_blocks(path: &Path) -> Result<f64> {
    let mut random = Random(3);
    let mut bytes = [0; BLOCK];
    random.fill(&mut bytes);
    let file = OpenOptions::new().write(true).open(path)?;
    let started = Instant::now();
    for number in 1..=BLOCKS {
        file.write_all_at(&bytes, random.block())?;
        if number % SYNC_EVERY == 0 {
            file.sync_data()?;
        }
    }
    Ok(rate(BLOCKS, started))
}

fn read_blocks(path: &Path) -> Result<f64> {
    let mut random = Random(4);
    let mut bytes = [0; BLOCK];
    let file = File::open(path)?;
    let started = Instant::now();
    for _ in 0..BLOCKS {
        file.read_exact_at(&mut bytes, random.block())?;
    }
    Ok(rate(BLOCKS, started))
}

fn untar(disk: &Disk, load: &Load) -> Result<f64> {
    let target = disk.root().join("untarred");
    fs::create_dir(&target)?;
    forget(disk)?;
    // The archive is not what is measured.
    fs::read(&load.archive)?;
    let started = Instant::now();
    run(command("tar")
        .arg("-xf")
        .arg(&load.archive)
        .arg("-C")
        .arg(&target))?;
    disk.sync()?;
    Ok(rate(FILES, started))
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
fn rate(count: usize, started: Instant) -> f64 {
    count as f64 / started.elapsed().as_secs_f64()
}

/// SplitMix64: the same numbers in every run.
pub struct Random(pub u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    /// Where in the file a block begins, in bytes.
    pub fn block(&mut self) -> u64 {
        self.below(((SEQUENCE_MIB << 20) / BLOCK) as u64) * BLOCK as u64
    }

    /// Bytes that no file system takes for a hole.
    pub fn fill(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let random = self.next().to_le_bytes();
            chunk.copy_from_slice(&random[..chunk.len()]);
        }
    }
}
