//! The floor's initramfs: its program, the modules this disk needs in the order of their dependencies, nothing else.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use perch_tests::host::{Key, cached, command, packages, run, static_program};
use perch_tests::scenario::Images;

use super::disk;

/// What the kernel lacks to reach the bundles; modprobe knows what each of these needs in turn. The checksum is named
/// because ext4 asks for it by an alias, while it is mounted.
const MODULES: [&str; 7] = [
    "virtio_pci",
    "virtio_blk",
    "crc32c_generic",
    "ext4",
    "loop",
    "squashfs",
    "overlay",
];
/// Places to mount things at.
const DIRECTORIES: [&str; 5] = ["dev", "proc", "sys", "run", "union"];
const PROGRAM: &str = "floor-init";

/// Builds it, or finds it in the cache.
pub fn initramfs(images: &Images) -> Result<PathBuf> {
    packages::ensure(&["cpio", "kmod"])?;
    let program = static_program("perch-tests", PROGRAM)?;
    let bundles = disk::bundles(&images.system)?;
    let key = Key::new("bench floor 1")
        .with(&images.kernel.version)
        .with(MODULES)
        .with(&bundles)
        .with_file(&program)?;
    let dir = cached("bench/floor", &key, |dir| {
        let root = dir.join("root");
        for name in DIRECTORIES {
            fs::create_dir_all(root.join(name))?;
        }
        fs::copy(&program, root.join("init"))?;
        for (number, module) in modules(images)?.iter().enumerate() {
            fs::copy(module, root.join(format!("{number}.ko")))
                .with_context(|| format!("cannot copy {}", module.display()))?;
        }
        let list: Vec<String> = bundles
            .iter()
            .map(|path| path.display().to_string())
            .collect();
        fs::write(root.join("bundles"), list.join("\n"))?;
        pack(&root, &file(dir))?;
        Ok(fs::remove_dir_all(&root)?)
    })?;
    Ok(file(&dir))
}

fn file(dir: &Path) -> PathBuf {
    dir.join("initramfs.img")
}

/// The files of [`MODULES`] and of what they need, in the order of loading.
fn modules(images: &Images) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for module in MODULES {
        let mut modprobe = command("modprobe");
        modprobe.args(["--config", "/dev/null", "--show-depends", "--dirname"]);
        modprobe.arg(&images.kernel.root);
        modprobe.args(["--set-version", &images.kernel.version, module]);
        let plan = run(&mut modprobe)?;
        for line in String::from_utf8_lossy(&plan).lines() {
            // `insmod FILE ` or `builtin NAME`; a dependency of two appears twice.
            if let Some(file) = line.strip_prefix("insmod ") {
                let file = PathBuf::from(file.trim());
                if !files.contains(&file) {
                    files.push(file);
                }
            }
        }
    }
    Ok(files)
}

/// Packs `root` uncompressed: by the measure used here nothing is unpacked faster.
fn pack(root: &Path, image: &Path) -> Result<()> {
    let mut shell = command("sh");
    shell.args([
        "-ec",
        "find . | LC_ALL=C sort | cpio --quiet -o -H newc -R 0:0 >\"$1\"",
        "pack",
    ]);
    run(shell.arg(image).current_dir(root))?;
    Ok(())
}
