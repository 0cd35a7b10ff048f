//! A kernel given by path: its image and its modules, wherever they lie.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use super::Kernel;
use crate::host::{Key, cached};

/// The kernel in the file `vmlinuz`. `modules` is the directory with its `modules.dep`, or one that has it
/// below `lib/modules/<version>`; without it the host's own `/lib/modules` is looked at.
pub(super) fn kernel(vmlinuz: &Path, modules: Option<&Path>) -> Result<Kernel> {
    let vmlinuz =
        fs::canonicalize(vmlinuz).with_context(|| format!("no kernel {}", vmlinuz.display()))?;
    let image = fs::read(&vmlinuz).with_context(|| format!("cannot read {}", vmlinuz.display()))?;
    let version = version(&image)
        .with_context(|| format!("{} is no Linux kernel for x86 (bzImage)", vmlinuz.display()))?;
    let modules = modules_of(&version, modules.unwrap_or(Path::new("/")))?;
    // The usual layout, for those who expect one.
    let key = Key::new("given kernel 1").with(&version).with(&modules);
    let root = cached("kernel", &key, |dir| {
        let place = dir.join("lib/modules");
        fs::create_dir_all(&place)?;
        Ok(symlink(&modules, place.join(&version))?)
    })?;
    Ok(Kernel {
        version,
        vmlinuz,
        root,
    })
}

/// The version in the header of a bzImage: `kernel_version`, an offset less 0x200 to a text that starts
/// with it (`Documentation/arch/x86/boot.rst`).
fn version(image: &[u8]) -> Option<String> {
    if image.get(0x202..0x206)? != b"HdrS" {
        return None;
    }
    let offset = image.get(0x20e..0x210)?;
    let offset = usize::from(u16::from_le_bytes(offset.try_into().ok()?));
    let text = image.get(offset + 0x200..)?;
    let end = text.iter().position(|byte| matches!(byte, b' ' | 0))?;
    let version = String::from_utf8(text.get(..end)?.to_vec()).ok()?;
    let plain = |c: char| c.is_ascii_alphanumeric() || ".-+_~".contains(c);
    (!version.is_empty() && version.chars().all(plain)).then_some(version)
}

fn modules_of(version: &str, dir: &Path) -> Result<PathBuf> {
    let places = [
        dir.to_owned(),
        dir.join(version),
        dir.join("lib/modules").join(version),
        dir.join("usr/lib/modules").join(version),
    ];
    let found = places
        .iter()
        .find(|place| place.join("modules.dep").is_file());
    let found = found.with_context(|| {
        format!(
            "no modules of kernel {version} with a modules.dep in {}; `depmod -b ROOT {version}` makes that file for ROOT/lib/modules/{version}",
            dir.display()
        )
    })?;
    let found = fs::canonicalize(found)?;
    ensure!(
        found.ends_with(version),
        "the modules in {} are not those of kernel {version}",
        found.display()
    );
    Ok(found)
}

/// Whether a `modules.dep` or `modules.builtin` lists a module of this name.
pub(super) fn lists_module(list: &str, name: &str) -> bool {
    list.lines().any(|line| {
        let path = line.split(':').next().unwrap_or_default();
        let file = path.rsplit('/').next().unwrap_or_default();
        file.split('.').next() == Some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(text: &[u8]) -> Vec<u8> {
        let mut image = vec![0; 0x400];
        image[0x202..0x206].copy_from_slice(b"HdrS");
        image[0x20e..0x210].copy_from_slice(&0x0100u16.to_le_bytes());
        image[0x300..0x300 + text.len()].copy_from_slice(text);
        image
    }

    #[test]
    fn the_image_tells_its_version() {
        assert_eq!(
            version(&image(b"6.1.0-56-amd64 (user@host) #1 SMP\0")).as_deref(),
            Some("6.1.0-56-amd64")
        );
        for wrong in [&image(b"../../etc x")[..], &image(b""), b"ELF", b""] {
            assert_eq!(version(wrong), None);
        }
    }

    #[test]
    fn modules_are_found_in_each_usual_place_and_must_be_the_kernels_own() {
        let dir = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(dir.path()).unwrap();
        let ours = root.join("lib/modules/6.1.9");
        fs::create_dir_all(&ours).unwrap();
        let unpacked = modules_of("6.1.9", &root).unwrap_err().to_string();
        assert!(unpacked.contains("depmod"), "{unpacked}");
        fs::write(ours.join("modules.dep"), "").unwrap();
        for given in [root.clone(), root.join("lib/modules"), ours.clone()] {
            assert_eq!(modules_of("6.1.9", &given).unwrap(), ours);
        }
        let other = modules_of("6.1.10", &ours).unwrap_err().to_string();
        assert!(other.contains("6.1.10"), "{other}");
    }

    #[test]
    fn a_module_is_told_by_its_whole_name() {
        let list = "kernel/fs/aufs/aufs.ko.xz: kernel/fs/x.ko\nkernel/fs/overlayfs/overlay.ko:\n";
        for (name, want) in [
            ("aufs", true),
            ("overlay", true),
            ("x", false),
            ("auf", false),
        ] {
            assert_eq!(lists_module(list, name), want, "{name}");
        }
    }
}
