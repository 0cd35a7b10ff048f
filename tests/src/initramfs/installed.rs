//! What a package of perch installs for the initramfs programs of a system, by the list that packages go by.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::host::workspace_dir;

/// The list, from the root of the workspace.
pub const LIST: &str = "initramfs-hook/files";
/// The program in it, which is built and not copied from there.
pub const PROGRAM: &str = "perch-init";

/// One file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installed {
    /// Its path in `initramfs-hook`.
    pub from: String,
    /// Its absolute path in the system.
    pub to: String,
    /// Its permissions.
    pub mode: u32,
}

/// The files of the list.
///
/// # Errors
/// If the list cannot be read or understood.
pub fn list() -> Result<Vec<Installed>> {
    let text = fs::read_to_string(workspace_dir().join(LIST)).context(LIST)?;
    parse(&text)
}

fn parse(text: &str) -> Result<Vec<Installed>> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let words: Vec<&str> = line.split_ascii_whitespace().collect();
            let [from, to, mode] = words[..] else {
                bail!("{LIST}: {line:?} is not: file, place, permissions");
            };
            Ok(Installed {
                from: from.to_owned(),
                to: to.to_owned(),
                mode: u32::from_str_radix(mode, 8).with_context(|| format!("{LIST}: {line:?}"))?,
            })
        })
        .collect()
}

/// Where a file of the list is in the workspace; `program` is the built one.
pub fn source(file: &Installed, program: &Path) -> PathBuf {
    match file.from == PROGRAM {
        true => program.to_owned(),
        false => workspace_dir().join("initramfs-hook").join(&file.from),
    }
}

/// Those of them in the workspace that a shell reads.
///
/// # Errors
/// If one cannot be read.
pub fn scripts() -> Result<Vec<PathBuf>> {
    let mut scripts = Vec::new();
    for file in list()?.iter().filter(|file| file.from != PROGRAM) {
        let path = source(file, Path::new(""));
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        // Those that are sourced have no interpreter, and say what they are written for.
        if text.starts_with("#!") || text.starts_with("# shellcheck shell=") {
            scripts.push(path);
        }
    }
    Ok(scripts)
}

/// Installs everything below `root`.
///
/// # Errors
/// Those of reading and writing.
pub fn install(root: &Path, program: &Path) -> Result<()> {
    for file in list()? {
        let target = root.join(file.to.trim_start_matches('/'));
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent)?;
        }
        let from = source(&file, program);
        fs::copy(&from, &target).with_context(|| format!("cannot install {}", from.display()))?;
        fs::set_permissions(&target, fs::Permissions::from_mode(file.mode))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// A hook that is not in the list would be missing in every package.
    #[test]
    fn the_list_names_every_file_that_there_is() {
        let mut listed: BTreeSet<PathBuf> = BTreeSet::new();
        for file in list().unwrap() {
            assert!(file.to.starts_with("/usr/"), "{file:?}");
            if file.from != PROGRAM {
                listed.insert(source(&file, Path::new("")));
            }
        }
        let root = workspace_dir().join("initramfs-hook");
        let mut there = BTreeSet::new();
        let mut dirs = vec![root.clone()];
        while let Some(dir) = dirs.pop() {
            for entry in fs::read_dir(dir).unwrap() {
                let path = entry.unwrap().path();
                match path.is_dir() {
                    true => dirs.push(path),
                    false => {
                        there.insert(path);
                    }
                }
            }
        }
        for other in ["README.md", "files"] {
            assert!(there.remove(&root.join(other)), "{other}");
        }
        assert_eq!(listed, there);
    }

    #[test]
    fn what_a_shell_reads_is_found() {
        let scripts = scripts().unwrap();
        let names: Vec<_> = scripts.iter().filter_map(|path| path.file_name()).collect();
        for name in ["functions", "hook", "boot", "module-setup.sh"] {
            assert!(names.contains(&name.as_ref()), "{name} in {names:?}");
        }
        assert!(!names.contains(&"modules".as_ref()));
    }

    #[test]
    fn a_line_that_is_cut_short_is_an_error() {
        assert!(parse("a /b 0644\n# c\n").is_ok());
        for wrong in ["a /b", "a /b rw", ""] {
            assert!(parse(&format!("{wrong}\n")).is_err(), "{wrong:?}");
        }
    }
}
