//! A whole disk: one bare file system, or partitions behind an MBR or a GPT.

use std::fs::{self, File};
use std::path::Path;

use anyhow::{Context, Result};

use super::hybrid;
use super::medium::{Content, Medium};
use super::sparse::copy_into;
use crate::host::{command, packages, run};

/// The packages dividing a disk needs.
pub const PACKAGES: &[&str] = &["fdisk"];

const MIB: u64 = 1 << 20;
/// Room for the backup table of a GPT behind the last partition.
const TAIL: u64 = MIB;

/// How a disk is divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// Not at all: the file system starts at byte 0 and there is exactly one.
    None,
    /// An MBR with primary partitions.
    Mbr,
    /// A GPT.
    Gpt,
    /// An ISO image with the other partitions appended to it, written to a larger disk, whose size is the
    /// first one's; xorriso's MBR, where partition 1 starts at the MBR itself.
    HybridMbr,
    /// The same with xorriso's GPT, whose second copy is where the image ends.
    HybridGpt,
    /// In a way of its own, by a tool that made the whole image; the table tells.
    Made,
}

impl Table {
    fn is_hybrid(self) -> bool {
        matches!(self, Self::HybridMbr | Self::HybridGpt)
    }
}

/// One partition, or the file system of an undivided disk.
#[derive(Clone, Debug)]
pub struct Partition {
    /// Its file system.
    pub medium: Medium,
    /// The volume label of the file system; with a GPT also the partition's name. Empty for none.
    pub label: String,
    /// Its size in MiB.
    pub size_mib: u64,
}

/// The description of a disk; [`Disk::make`] turns it into an image file.
#[derive(Clone, Debug)]
pub struct Disk {
    /// How it is divided.
    pub table: Table,
    /// Where given, an MBR's signature; in a GPT the UUID of partition 2 is then
    /// `1234abcd-0000-4000-8000-000000000002`.
    pub id: Option<u32>,
    /// What is on it, in the order of the disk; partition numbers start at 1.
    pub partitions: Vec<Partition>,
}

impl Disk {
    /// Writes `image`; partition `n` is filled from `trees[n]`.
    ///
    /// # Errors
    /// If a tree is missing or a tool fails.
    pub fn make(&self, trees: &[&Path], image: &Path) -> Result<()> {
        packages::ensure(PACKAGES)?;
        let mut parts = Vec::new();
        if self.table.is_hybrid() {
            return hybrid::make(self, trees, image);
        }
        for (index, partition) in self.partitions.iter().enumerate() {
            let tree = trees
                .get(index)
                .with_context(|| format!("no content for partition {}", index + 1))?;
            let part = image.with_extension(format!("part{}", index + 1));
            packages::ensure(partition.medium.packages)?;
            let content = Content {
                tree,
                label: &partition.label,
                size_mib: partition.size_mib,
            };
            partition.medium.make(&content, &part)?;
            parts.push(part);
        }
        if self.table == Table::None {
            let [only] = parts.as_slice() else {
                anyhow::bail!(
                    "an undivided disk holds one file system, not {}",
                    parts.len()
                );
            };
            fs::rename(only, image)?;
            return Ok(());
        }
        let starts = self.starts();
        let mut disk = File::options()
            .create(true)
            .truncate(true)
            .read(true)
            .write(true)
            .open(image)?;
        let used: u64 = starts
            .iter()
            .zip(&self.partitions)
            .map(|(start, p)| start + p.size_mib * MIB)
            .max()
            .unwrap_or(MIB);
        disk.set_len(used + TAIL)?;
        self.write_table(&starts, image)?;
        for (part, start) in parts.iter().zip(starts) {
            let mut source = File::open(part)?;
            let length = source.metadata()?.len();
            copy_into(&mut source, 0, length, &mut disk, start)?;
            fs::remove_file(part)?;
        }
        Ok(())
    }

    /// Copies partition `number` (from 1) of `image` into a file of its own, for tools that know no offsets.
    ///
    /// # Errors
    /// If there is no such partition, and those of reading and writing.
    pub fn slice(&self, image: &Path, number: usize, target: &Path) -> Result<()> {
        let index = number.checked_sub(1).context("partitions count from 1")?;
        let partition = self
            .partitions
            .get(index)
            .with_context(|| format!("no partition {number}"))?;
        let mut source = File::open(image)?;
        let (start, length) = match self.table {
            Table::None => (0, source.metadata()?.len()),
            Table::Mbr | Table::Gpt => (self.starts()[index], partition.size_mib * MIB),
            // Partitions of these grow: the table says where they are now.
            Table::HybridMbr | Table::HybridGpt | Table::Made => hybrid::place(image, number)?,
        };
        let mut file = File::create(target)?;
        file.set_len(length)?;
        copy_into(&mut source, start, length, &mut file, 0)
    }

    /// Where each partition starts, in bytes: one after the other from 1 MiB, as every partitioning tool aligns them.
    fn starts(&self) -> Vec<u64> {
        let mut next = MIB;
        let place = |partition: &Partition| {
            let start = next;
            next += partition.size_mib * MIB;
            start
        };
        self.partitions.iter().map(place).collect()
    }

    fn write_table(&self, starts: &[u64], image: &Path) -> Result<()> {
        let gpt = self.table == Table::Gpt;
        let mut script = format!("label: {}\n", if gpt { "gpt" } else { "dos" });
        if let Some(id) = self.id.filter(|_| !gpt) {
            script += &format!("label-id: 0x{id:08x}\n");
        }
        for ((partition, start), number) in self.partitions.iter().zip(starts).zip(1..) {
            let size = partition.size_mib * MIB / 512;
            script += &format!(
                "start={}, size={size}, type={}",
                start / 512,
                if gpt {
                    "L"
                } else {
                    partition_type(&partition.medium)
                }
            );
            if gpt && !partition.label.is_empty() {
                script += &format!(", name=\"{}\"", partition.label);
            }
            if let Some(id) = self.id.filter(|_| gpt) {
                script += &format!(", uuid={id:08x}-0000-4000-8000-{number:012}");
            }
            script.push('\n');
        }
        let file = image.with_extension("sfdisk");
        fs::write(&file, script)?;
        run(command("sfdisk")
            .args(["-q", "--no-reread", "--no-tell-kernel"])
            .arg(image)
            .stdin(File::open(&file)?))?;
        fs::remove_file(&file)?;
        Ok(())
    }
}

/// The MBR type byte under which a file system is commonly found.
fn partition_type(medium: &Medium) -> &'static str {
    match medium.name {
        "vfat" => "c",
        "exfat" | "ntfs" => "7",
        _ => "83",
    }
}

#[cfg(test)]
mod tests {
    use super::super::{EXT4, VFAT};
    use super::*;

    #[test]
    fn partitions_are_found_where_the_table_says() {
        for table in [Table::Mbr, Table::Gpt] {
            let dir = tempfile::tempdir().unwrap();
            let (one, two) = (dir.path().join("one"), dir.path().join("two"));
            for tree in [&one, &two] {
                fs::create_dir(tree).unwrap();
                fs::write(
                    tree.join("name"),
                    tree.file_name().unwrap().as_encoded_bytes(),
                )
                .unwrap();
            }
            let part = |medium, label: &str| Partition {
                medium,
                label: label.into(),
                size_mib: 40,
            };
            let disk = Disk {
                table,
                id: None,
                partitions: vec![part(VFAT, "BOOT"), part(EXT4, "persistence")],
            };
            let image = dir.path().join("disk.img");
            disk.make(&[&one, &two], &image).unwrap();

            let listing = run(command("sfdisk").arg("--dump").arg(&image)).unwrap();
            let listing = String::from_utf8(listing).unwrap();
            assert!(
                listing.contains("start=        2048"),
                "{table:?}: {listing}"
            );
            for (number, medium, want) in [(1, VFAT, "one"), (2, EXT4, "two")] {
                let slice = dir.path().join(format!("slice{number}"));
                disk.slice(&image, number, &slice).unwrap();
                let file = dir.path().join(format!("file{number}"));
                medium.extract(&slice, "/name", &file).unwrap();
                assert_eq!(fs::read_to_string(&file).unwrap(), want, "{table:?}");
                medium.check(&slice).unwrap();
            }
        }
    }
}
