//! Real tables by `sfdisk` and `fdisk` against what `partx` (libblkid) reads in them; `hostile` for
//! others.

use std::collections::HashMap;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::*;

mod hostile;

const MIB: u64 = 1 << 20;

/// How to divide a disk.
struct Recipe {
    name: &'static str,
    block: u32,
    size: u64,
    /// `sfdisk`, or `fdisk` where blocks are large: Debian's `sfdisk` cannot be told.
    tool: &'static str,
    script: &'static str,
}

const RECIPES: [Recipe; 7] = [
    Recipe {
        name: "gpt",
        block: 512,
        size: 64 * MIB,
        tool: "sfdisk -q",
        script: "label: gpt\n\
                 size=8M, type=U, name=\"EFI system\"\n\
                 size=8M, name=\"Zürich łódź 🐧\"\n\
                 start=40M, size=4M, uuid=0FC63DAF-8483-4772-8E79-3D69D8477DE4\n",
    },
    Recipe {
        name: "gpt-gaps",
        block: 512,
        size: 64 * MIB,
        tool: "sfdisk -q",
        script: "label: gpt\ntable-length: 256\n\
                 2 : size=4M, name=second\n\
                 128 : size=4M, name=\"036 letters are the most that go in..\"\n\
                 201 : size=4M\n",
    },
    Recipe {
        name: "gpt-4k",
        block: 4096,
        size: 64 * MIB,
        tool: "fdisk -b 4096",
        script: "g\nn\n1\n\n+8M\nn\n3\n\n\nx\nn\n1\nlarge blocks\nr\nw\n",
    },
    Recipe {
        name: "mbr",
        block: 512,
        size: 64 * MIB,
        tool: "sfdisk -q",
        script: "label: dos\nlabel-id: 0x0abc12EF\n\
                 size=8M, type=c, bootable\n\
                 4 : size=8M, type=83\n",
    },
    Recipe {
        name: "mbr-logical",
        block: 512,
        size: 64 * MIB,
        tool: "sfdisk -q",
        script: "label: dos\nlabel-id: 0x1234abcd\n\
                 size=8M, type=c\nsize=40M, type=5\n\
                 5 : size=4M\n6 : size=6M, type=7\n7 : size=2M\n8 : size=3M\n9 : size=1M, type=82\n",
    },
    Recipe {
        name: "mbr-many-logical",
        block: 512,
        size: 200 * MIB,
        tool: "sfdisk -q",
        script: "label: dos\nlabel-id: 0xffffffff\n\
                 size=1M\ntype=f\n\
                 5 : size=1M\n6 : size=1M\n7 : size=1M\n8 : size=1M\n9 : size=1M\n10 : size=1M\n\
                 11 : size=1M\n12 : size=1M\n13 : size=1M\n14 : size=1M\n15 : size=1M\n16 : size=1M\n\
                 17 : size=1M\n18 : size=1M\n19 : size=1M\n20 : size=1M\n21 : size=1M\n22 : size=1M\n\
                 23 : size=1M\n24 : size=1M\n25 : size=1M\n26 : size=1M\n27 : size=1M\n28 : size=1M\n",
    },
    Recipe {
        name: "mbr-4k",
        block: 4096,
        size: 64 * MIB,
        tool: "fdisk -b 4096",
        script: "o\nn\np\n1\n\n+8M\nn\ne\n2\n\n\nn\n\n+8M\nn\n\n+8M\nw\n",
    },
];

/// Runs a tool with `input`; what it says, or `None` and a line if it is not installed.
pub(super) fn run(words: &str, image: &Path, input: &str) -> Option<String> {
    let mut words = words.split(' ');
    let tool = words.next().expect("a tool");
    let search = std::env::var("PATH").unwrap_or_default() + ":/usr/sbin:/sbin";
    let started = Command::new(tool)
        .args(words)
        .arg(image)
        .env("PATH", search)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = match started {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let line = format!("partition_table: skipped, {tool} is not installed\n");
            io::stderr().write_all(line.as_bytes()).ok();
            return None;
        }
        other => other.expect(tool),
    };
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(input.as_bytes()).expect(tool);
    drop(stdin);
    let output = child.wait_with_output().expect(tool);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{tool}: {complaint}");
    Some(String::from_utf8(output.stdout).expect("text"))
}

fn make(recipe: &Recipe, dir: &TempDir) -> Option<PathBuf> {
    let image = dir.path().join(recipe.name);
    let file = File::create(&image).expect("an image");
    file.set_len(recipe.size).expect("a sparse file");
    run(recipe.tool, &image, recipe.script).map(|_| image)
}

fn block(recipe: &Recipe) -> BlockSize {
    BlockSize::new(recipe.block).expect("a size that disks have")
}

fn read_file(image: &Path, block: BlockSize) -> Option<PartitionTable> {
    read(&File::open(image).expect("an image"), block).expect("an image")
}

/// What libblkid finds: number, start, length, UUID, name, type.
type Row = (u32, u64, u64, String, String, String);

fn by_partx(image: &Path, block: u32) -> Option<(String, Vec<Row>)> {
    let command = format!("partx -S {block} -P -o NR,START,SECTORS,UUID,NAME,TYPE,SCHEME");
    let said = run(&command, image, "")?;
    let mut scheme = String::new();
    let rows = said.lines().map(|line| {
        let fields: HashMap<&str, &str> = line
            .split("\" ")
            .filter_map(|pair| pair.split_once("=\""))
            .map(|(key, value)| (key, value.trim_end_matches('"')))
            .collect();
        let number = |key| fields[key].parse::<u64>().expect(key);
        scheme = fields["SCHEME"].to_owned();
        // partx counts in 512 bytes, whatever the block.
        (
            u32::try_from(number("NR")).expect("a number"),
            number("START") * 512,
            number("SECTORS") * 512,
            fields["UUID"].to_owned(),
            unescaped(fields["NAME"]),
            fields["TYPE"].to_owned(),
        )
    });
    let rows = rows.collect();
    Some((scheme, rows))
}

/// Without the `\xNN` by which partx writes letters that are not ASCII.
fn unescaped(name: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = name.as_bytes();
    while let [first, tail @ ..] = rest {
        if let Some(code) = rest.strip_prefix(b"\\x") {
            let code = std::str::from_utf8(&code[..2]).expect("digits");
            bytes.push(u8::from_str_radix(code, 16).expect("digits"));
            rest = &rest[4..];
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    String::from_utf8(bytes).expect("UTF-8")
}

fn rows(table: &PartitionTable) -> Vec<Row> {
    let row = |it: &Partition| {
        let purpose = match &it.purpose {
            Purpose::Gpt(guid) => guid.clone(),
            Purpose::Mbr(byte) => format!("{byte:#x}"),
        };
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        (
            it.number,
            it.start,
            it.length,
            text(&it.uuid),
            text(&it.label),
            purpose,
        )
    };
    table.partitions.iter().map(row).collect()
}

#[test]
fn what_the_tools_make_is_read_as_libblkid_reads_it() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    for recipe in &RECIPES {
        let Some(image) = make(recipe, &dir) else {
            continue;
        };
        let table = read_file(&image, block(recipe)).expect(recipe.name);
        let Some((scheme, mut wanted)) = by_partx(&image, recipe.block) else {
            continue;
        };
        let extended =
            |row: &Row| table.kind == TableKind::Mbr && ["0x5", "0xf"].contains(&&*row.5);
        let mut found = rows(&table);
        // partx shows the length that the kernel gives an extended partition, two blocks.
        for row in found
            .iter_mut()
            .chain(&mut wanted)
            .filter(|row| extended(row))
        {
            row.2 = 0;
        }
        assert_eq!(found, wanted, "{}", recipe.name);
        let kind = match table.kind {
            TableKind::Gpt => "gpt",
            TableKind::Mbr => "dos",
        };
        assert_eq!(kind, scheme, "{}", recipe.name);
        assert!(!found.is_empty(), "{}", recipe.name);
    }
}

#[test]
fn identities_of_known_tables() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    for (name, number, uuid, label) in [
        ("mbr", 1, Some("0abc12ef-01"), None),
        ("mbr", 4, Some("0abc12ef-04"), None),
        ("mbr-logical", 5, Some("1234abcd-05"), None),
        ("mbr-logical", 9, Some("1234abcd-09"), None),
        ("mbr-many-logical", 28, Some("ffffffff-1c"), None),
        ("gpt", 3, Some("0fc63daf-8483-4772-8e79-3d69d8477de4"), None),
    ] {
        let recipe = RECIPES.iter().find(|it| it.name == name).expect(name);
        let Some(image) = make(recipe, &dir) else {
            continue;
        };
        let table = read_file(&image, block(recipe)).expect(name);
        let found = table.partitions.iter().find(|it| it.number == number);
        let found = found.expect(name);
        assert_eq!(found.uuid.as_deref(), uuid, "{name}");
        assert_eq!(found.label.as_deref(), label, "{name}");
    }
}

#[test]
fn a_disk_read_in_blocks_of_another_size_has_no_gpt() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    for recipe in RECIPES.iter().filter(|it| it.name.starts_with("gpt")) {
        let Some(image) = make(recipe, &dir) else {
            continue;
        };
        let other = if recipe.block == 512 { 4096 } else { 512 };
        let found = read_file(&image, BlockSize::new(other).expect("a size"));
        assert_eq!(found, None, "{}", recipe.name);
    }
}

#[test]
fn disks_have_blocks_of_powers_of_two() {
    for (bytes, fine) in [
        (0, false),
        (256, false),
        (512, true),
        (520, false),
        (4096, true),
    ] {
        assert_eq!(BlockSize::new(bytes).is_some(), fine, "{bytes}");
    }
}

/// A file system without a table ends its first sector as a boot record does.
#[test]
fn a_file_system_is_no_table() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    for tool in [
        "mkfs.vfat",
        "mkfs.vfat -F 32 -s 1",
        "mkfs.ntfs -q -F -Q",
        "mkfs.exfat",
        "mke2fs -q",
    ] {
        let image = dir.path().join("image");
        let file = File::create(&image).expect("an image");
        file.set_len(64 * MIB).expect("a sparse file");
        if run(tool, &image, "").is_some() {
            assert_eq!(read_file(&image, BlockSize::default()), None, "{tool}");
        }
    }
}
