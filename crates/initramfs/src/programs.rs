//! Programs of others in the image: checkers, formatters and NTFS-3G, each with its libraries.
//!
//! Hardly any boot runs one of them, so that they must cost it nothing: they lie as compressed
//! archives in the image's second part, one for each package and one for what several share, and
//! perch-init unpacks what it needs (`perch_sys::programs`, which also describes the index).

mod closure;
pub(crate) mod elf;

use std::collections::BTreeMap;
use std::path::Path;

use perch_sys::programs::{ARCHIVES, INDEX};

use crate::compress::Compression;
use crate::cpio::{Node, Tree};
use crate::error::Error;
use crate::parallel;
use closure::{Files, Source};
pub use elf::ElfError;

/// A package: its name, its programs, and files that they read.
type Set = (
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
);

/// The sets that `--programs most` stands for.
pub(crate) const MOST: &[Set] = &[
    (
        "e2fsprogs",
        &["mke2fs", "e2fsck", "resize2fs"],
        &["/etc/mke2fs.conf"],
    ),
    ("ntfs-3g", &["ntfs-3g"], &[]),
    ("fsck", &["fsck.fat", "fsck.exfat"], &[]),
];

/// The archive of what more than one set needs.
const SHARED: &str = "shared";

/// The programs of an image.
#[derive(Debug, Default)]
pub(crate) struct Programs {
    /// Archive name to its files.
    archives: BTreeMap<String, Files>,
    /// Program name to its path and its set.
    found: BTreeMap<String, (String, String)>,
    /// Programs of `most` that the system does not have.
    pub(crate) missing: Vec<String>,
}

/// How much they take.
#[derive(Debug, Default)]
pub(crate) struct Sizes {
    /// The programs that are there.
    pub(crate) names: Vec<String>,
    /// Bytes of all files, and of the archives.
    pub(crate) before: usize,
    pub(crate) after: usize,
}

impl Programs {
    /// The programs that `wanted` names, from the system in `root`: `most`, `none`, or names.
    ///
    /// One that is named and not there is an error.
    pub(crate) fn select<'a>(
        root: &Path,
        wanted: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, Error> {
        let source = Source::open(root)?;
        let mut programs = Self::default();
        for word in wanted {
            match word {
                "none" => {}
                "most" => {
                    for (set, names, others) in MOST {
                        for name in *names {
                            if !programs.add(&source, set, name, others)? {
                                programs.missing.push((*name).to_owned());
                            }
                        }
                    }
                }
                name => {
                    let known = MOST.iter().find(|(_, names, _)| names.contains(&name));
                    let (set, others) = known.map_or((name, &[][..]), |known| (known.0, known.2));
                    if name.is_empty() || name.contains('/') {
                        let name = name.to_owned();
                        return Err(Error::ProgramName { name });
                    }
                    if !programs.add(&source, set, name, others)? {
                        return Err(Error::NoProgram {
                            name: name.to_owned(),
                            root: root.to_owned(),
                        });
                    }
                }
            }
        }
        programs.share();
        Ok(programs)
    }

    /// Adds a program to its set and tells whether it is there.
    fn add(
        &mut self,
        source: &Source,
        set: &str,
        name: &str,
        others: &[&str],
    ) -> Result<bool, Error> {
        let Some((path, files)) = source.program(name)? else {
            return Ok(false);
        };
        let archive = self.archives.entry(set.to_owned()).or_default();
        archive.extend(files);
        for other in others {
            if let Some(bytes) = source.read(other)? {
                archive.insert((*other).to_owned(), bytes);
            }
        }
        self.found.insert(name.to_owned(), (path, set.to_owned()));
        Ok(true)
    }

    /// Moves what several sets hold, the C library first of all, into an archive of its own.
    fn share(&mut self) {
        let mut users: BTreeMap<String, usize> = BTreeMap::new();
        for path in self.archives.values().flat_map(BTreeMap::keys) {
            *users.entry(path.clone()).or_default() += 1;
        }
        let mut shared = Files::new();
        for files in self.archives.values_mut() {
            let several = |path: &String, _: &mut Vec<u8>| users.get(path).is_some_and(|n| *n > 1);
            shared.extend(files.extract_if(.., several));
        }
        if !shared.is_empty() {
            self.archives.insert(SHARED.to_owned(), shared);
        }
    }

    /// Puts the archives, each as `packing`, and their index into the tree of an image's second part.
    pub(crate) fn pack(&self, packing: Compression, tree: &mut Tree) -> Result<Sizes, Error> {
        let mut sizes = Sizes {
            names: self.found.keys().cloned().collect(),
            ..Sizes::default()
        };
        let file = |set: &str| format!("{set}.cpio{}", packing.suffix());
        let archives: Vec<(&String, &Files)> = self.archives.iter().collect();
        let packed = parallel::map(&archives, |(_, files)| {
            packing.apply(&archive(files).to_cpio())
        })?;
        for ((set, files), packed) in archives.into_iter().zip(packed) {
            sizes.before += files.values().map(Vec::len).sum::<usize>();
            sizes.after += packed.len();
            let path = format!("{}/{}", &ARCHIVES[1..], file(set));
            tree.add(&path, Node::File(packed, 0o644));
        }
        let mut index = String::new();
        for (name, (path, set)) in &self.found {
            index += &format!("{name} {path}");
            if self.archives.contains_key(SHARED) {
                index += &format!(" {}", file(SHARED));
            }
            index += &format!(" {}\n", file(set));
        }
        if !index.is_empty() {
            tree.add(&INDEX[1..], Node::File(index.into(), 0o644));
        }
        Ok(sizes)
    }
}

fn archive(files: &Files) -> Tree {
    let mut archive = Tree::default();
    for (path, bytes) in files {
        let mode = match path.starts_with("/etc/") {
            true => 0o644,
            false => 0o755,
        };
        archive.add(&path[1..], Node::File(bytes.clone(), mode));
    }
    archive
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(wanted: &[&str]) -> (Programs, Tree) {
        let programs = Programs::select(Path::new("/"), wanted.iter().copied()).unwrap();
        let mut tree = Tree::default();
        programs.pack(Compression::Xz, &mut tree).unwrap();
        (programs, tree)
    }

    #[test]
    fn a_program_is_listed_with_its_archives() {
        let (programs, tree) = packed(&["e2fsck"]);
        assert!(programs.missing.is_empty());
        let index = tree.iter().find(|(path, _)| INDEX.ends_with(path.as_str()));
        let Some((_, Node::File(index, _))) = index else {
            panic!("no index");
        };
        let index = String::from_utf8_lossy(index);
        assert_eq!(index, "e2fsck /usr/sbin/e2fsck e2fsprogs.cpio.xz\n");
    }

    /// What was packed here is unpacked there: the two halves of the format meet.
    #[test]
    fn perch_init_finds_what_was_packed() {
        let (_, tree) = packed(&["e2fsck", "resize2fs"]);
        let dir = tempfile::tempdir().unwrap();
        for (path, node) in tree.iter() {
            let target = dir.path().join(path);
            match node {
                Node::Directory => std::fs::create_dir(target).unwrap(),
                Node::File(bytes, _) => std::fs::write(target, bytes).unwrap(),
                Node::Link(_) => panic!("no links among programs"),
            }
        }
        let programs = perch_sys::programs::Programs::below(dir.path());
        assert!(programs.available("e2fsck"));
        assert!(!programs.available("mke2fs"));
        let path = programs.path("e2fsck").unwrap();
        assert_eq!(path, dir.path().join("usr/sbin/e2fsck"));
        let want = std::fs::read("/usr/sbin/e2fsck").unwrap();
        assert!(std::fs::read(path).unwrap() == want);
        assert!(dir.path().join("etc/mke2fs.conf").exists());
    }

    #[test]
    fn a_named_program_must_be_there() {
        let root = tempfile::tempdir().unwrap();
        let select = |word| Programs::select(root.path(), [word]);
        let error = select("e2fsck").unwrap_err().to_string();
        assert!(
            error.starts_with("there is no program e2fsck in "),
            "{error}"
        );
        assert_eq!(select("most").unwrap().missing.len(), 6);
        assert!(select("none").unwrap().missing.is_empty());
        assert!(select("../x").is_err());
    }
}
