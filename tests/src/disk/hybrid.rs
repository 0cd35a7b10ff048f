//! ISO images with partitions appended, as they are written to a stick byte by byte.

use std::fs::{self, File};
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use super::layout::{Disk, Table};
use super::medium::Content;
use crate::host::{command, packages, run};

/// Makes the image; the first partition is the ISO file system, all others are appended.
pub(super) fn make(disk: &Disk, trees: &[&Path], image: &Path) -> Result<()> {
    let (first, others) = disk.partitions.split_first().context("no partition")?;
    packages::ensure(first.medium.packages)?;
    let mut xorriso = command("xorriso");
    xorriso.args(["-as", "mkisofs", "-quiet", "-R", "-J", "-V", &first.label]);
    if disk.table == Table::HybridGpt {
        // The first partition starts behind the table, and shows the file system too.
        xorriso.args(["-appended_part_as_gpt", "-partition_offset", "16"]);
    }
    let mut appended = Vec::new();
    for ((partition, number), tree) in others.iter().zip(2..).zip(trees.iter().skip(1)) {
        packages::ensure(partition.medium.packages)?;
        let part = image.with_extension(format!("part{number}"));
        let content = Content {
            tree,
            label: &partition.label,
            size_mib: partition.size_mib,
        };
        partition.medium.make(&content, &part)?;
        xorriso.args(["-append_partition", &number.to_string(), "0x83"]);
        xorriso.arg(&part);
        appended.push(part);
    }
    let tree = trees.first().context("no content for the system")?;
    run(xorriso.arg("-o").arg(image).arg(tree))?;
    for part in appended {
        fs::remove_file(part)?;
    }
    let file = File::options().write(true).open(image)?;
    Ok(file.set_len(first.size_mib << 20)?)
}

/// Start and length of a partition in bytes, as sfdisk reads them.
///
/// # Errors
/// If there is no such partition, or sfdisk cannot read the table.
pub fn place(image: &Path, number: usize) -> Result<(u64, u64)> {
    let text = run(command("sfdisk").arg("--json").arg(image))?;
    let table: Value = serde_json::from_slice(&text)?;
    let node = format!("{}{number}", image.display());
    let partitions = table.pointer("/partitiontable/partitions");
    let mut partitions = partitions.and_then(Value::as_array).into_iter().flatten();
    // A name that ends with a digit gets a `p` before the number.
    let is_it = |it: &&Value| {
        let name = it["node"].as_str().unwrap_or_default();
        name == node || name == format!("{}p{number}", image.display())
    };
    let it = partitions
        .find(is_it)
        .with_context(|| format!("no partition {number}"))?;
    let bytes = |key: &str| it[key].as_u64().map(|sectors| sectors * 512);
    let start = bytes("start").context("no start")?;
    Ok((start, bytes("size").context("no size")?))
}
