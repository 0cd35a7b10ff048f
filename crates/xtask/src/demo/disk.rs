//! The live medium as a file: partitions, the data file system with the bundles, the bootloader.
//!
//! Needs neither root nor loop devices: `sfdisk` and `mke2fs` work on plain files.

use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};

use perch_tests::host::{command, run};

use super::grub;

const SECTOR: u64 = 512;
const MIB: u64 = 1 << 20;
/// The BIOS boot partition: the second MiB of the disk, as partitioning programs align.
const BOOT_SLOT: std::ops::Range<u64> = 2048..4096;
/// The data partition starts here and leaves the last MiB of the disk to the second copy of the partition table.
const DATA_START: u64 = BOOT_SLOT.end;
/// GPT partition type "BIOS boot" (GRUB manual, "BIOS installation").
const BIOS_BOOT_TYPE: &str = "21686148-6449-6E6F-744E-656564454649";
/// Label of the data file system and name of its partition.
pub const LABEL: &str = "PERCH";

/// Makes the disk `image`, replacing it: `tree` becomes the content of the data partition, with `free_mib` MiB to spare.
pub fn build(image: &Path, tree: &Path, free_mib: u64, scratch: &Path) -> Result<()> {
    let data_mib = tree_size(tree)?.div_ceil(MIB) + free_mib;
    let size = (DATA_START * SECTOR) + (data_mib + 1) * MIB;
    let file = File::create(image).with_context(|| format!("cannot create {}", image.display()))?;
    file.set_len(size)
        .with_context(|| format!("cannot size {}", image.display()))?;

    let table = scratch.join("partitions");
    let script = format!(
        "label: gpt\nstart={}, size={}, type={BIOS_BOOT_TYPE}\nstart={DATA_START}, size={}, type=linux, name={LABEL}\n",
        BOOT_SLOT.start,
        BOOT_SLOT.end - BOOT_SLOT.start,
        data_mib * MIB / SECTOR,
    );
    std::fs::write(&table, script).with_context(|| format!("cannot write {}", table.display()))?;
    run(command("sfdisk")
        .args(["--quiet", "--no-reread"])
        .arg(image)
        .stdin(File::open(&table)?))?;

    // GRUB 2.06 refuses metadata_csum_seed. Nothing lazy: no background initialisation in the guest.
    let offset = DATA_START * SECTOR;
    let options = format!("offset={offset},lazy_itable_init=0,lazy_journal_init=0");
    let mut format = as_root("mke2fs");
    format.args(["-q", "-t", "ext4", "-L", LABEL]);
    format.args(["-O", "^metadata_csum_seed", "-E", &options, "-d"]);
    run(format.arg(tree).arg(image).arg(format!("{data_mib}M")))?;
    grub::install(image, BOOT_SLOT, scratch)
}

/// Prepares `program` so that it sees the caller's files as root's: on the medium they must belong to root, whoever
/// builds it. An ordinary user gets that in a user namespace (unshare(1)).
fn as_root(program: &str) -> std::process::Command {
    if rustix::process::geteuid().is_root() {
        return command(program);
    }
    let mut unshare = command("unshare");
    unshare.args(["--map-root-user", program]);
    unshare
}

/// The sum of the file sizes below `dir`, in bytes.
fn tree_size(dir: &Path) -> Result<u64> {
    let mut sum = 0;
    for entry in std::fs::read_dir(dir).with_context(|| format!("cannot read {}", dir.display()))? {
        let entry = entry?;
        let meta = entry.metadata()?;
        sum += if meta.is_dir() {
            tree_size(&entry.path())?
        } else {
            meta.len()
        };
    }
    Ok(sum)
}

/// The data file system in `image`, as libext2fs takes it: the offset is a part of the name (e2fsprogs,
/// lib/ext2fs/unix_io.c).
fn data_part(image: &Path) -> PathBuf {
    PathBuf::from(format!(
        "{}?offset={}",
        image.display(),
        DATA_START * SECTOR
    ))
}

/// The command that copies the file `path` of the data file system in `image` to `target`.
pub fn dump(image: &Path, path: &str, target: &Path) -> std::process::Command {
    let mut debugfs = command("debugfs");
    let request = format!("dump {path} {}", target.display());
    debugfs.args(["-R", &request]).arg(data_part(image));
    debugfs
}

/// The data file system as a system left it that has been switched off.
pub struct Verdict {
    /// The journal still holds changes to replay: the file system was not unmounted or made read-only.
    pub needs_recovery: bool,
    /// The last line of the checker.
    pub summary: String,
}

/// Checks the data file system of `image` without changing it. Fails when the checker finds errors.
pub fn check(image: &Path) -> Result<Verdict> {
    let part = data_part(image);
    let header = run(command("dumpe2fs").arg("-h").arg(&part))?;
    let header = String::from_utf8_lossy(&header);
    let features = header
        .lines()
        .find_map(|line| line.strip_prefix("Filesystem features:"));
    let features = features.context("dumpe2fs names no features")?;
    let needs_recovery = features
        .split_whitespace()
        .any(|feature| feature == "needs_recovery");

    let output = command("e2fsck")
        .arg("-fn")
        .arg(&part)
        .output()
        .context("cannot start e2fsck")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    // Exit code 0: no errors (e2fsck(8)). With -n nothing is corrected, so there is no other good code.
    ensure!(
        output.status.success(),
        "e2fsck finds errors on the data partition ({}):\n{text}",
        output.status
    );
    Ok(Verdict {
        needs_recovery,
        summary: text.lines().last().unwrap_or_default().to_owned(),
    })
}
