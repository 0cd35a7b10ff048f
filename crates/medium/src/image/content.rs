//! What lies on the medium: names there, and where each comes from.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use perch_core::units::Bytes;

use super::error::ImageError;

/// What a bundle's name ends with.
const BUNDLE: &str = "sb";
/// Microsoft FAT specification, "Directory Structure": a length has 32 bits.
const FAT_LONGEST: u64 = u32::MAX as u64;

/// What the system on the medium is made from.
#[derive(Debug, Clone)]
pub struct Ingredients {
    /// The directory of the system on the medium, `minios` for most.
    pub live_name: String,
    /// The kernel.
    pub kernel: PathBuf,
    /// The initial file system, with perch in it.
    pub initrd: PathBuf,
    /// Bundles, and directories that have some: their own `*.sb`, and those below their `modules`.
    pub bundles: Vec<PathBuf>,
    /// Directories whose content goes to the root of the medium.
    pub files: Vec<PathBuf>,
}

/// Where something on the medium comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Source {
    Directory,
    /// A file of this machine, and its length in bytes.
    File {
        path: PathBuf,
        length: u64,
    },
    Text(String),
}

/// Names, relative to the root of the medium, each behind the directory it lies in.
#[derive(Debug, Clone, Default)]
pub(super) struct Tree(BTreeMap<String, Source>);

impl Tree {
    /// What `from` asks for; looks at everything and reads next to nothing.
    pub(super) fn of(from: &Ingredients) -> Result<Self, ImageError> {
        let mut tree = Self::default();
        let live = &from.live_name;
        tree.add_directory(&format!("{live}/changes"))?;
        is_kernel(&from.kernel)?;
        tree.add_file(&format!("{live}/boot/vmlinuz"), &from.kernel)?;
        tree.add_file(&format!("{live}/boot/initrd.img"), &from.initrd)?;
        for path in &from.bundles {
            if look(path)?.is_dir() {
                tree.add_below(live, path, &|path| is_bundle(path), false)?;
                let modules = path.join("modules");
                if modules.is_dir() {
                    tree.add_below(
                        &format!("{live}/modules"),
                        &modules,
                        &|path| is_bundle(path),
                        true,
                    )?;
                }
            } else {
                tree.add_file(&format!("{live}/{}", name(path)?), path)?;
            }
        }
        if !tree.0.keys().any(|path| is_bundle(Path::new(path))) {
            return Err(ImageError::NoBundle);
        }
        for dir in &from.files {
            tree.add_below("", dir, &|_| true, true)?;
        }
        Ok(tree)
    }

    /// Adds the files in `dir` that are wanted, and those further down if `deep`.
    fn add_below(
        &mut self,
        to: &str,
        dir: &Path,
        wanted: &dyn Fn(&Path) -> bool,
        deep: bool,
    ) -> Result<(), ImageError> {
        for entry in fs::read_dir(dir).map_err(|source| unread(dir, source))? {
            let entry = entry.map_err(|source| unread(dir, source))?;
            let path = entry.path();
            let kind = entry.file_type().map_err(|source| unread(&path, source))?;
            let inner = format!("{to}/{}", name(&path)?);
            let inner = inner.trim_start_matches('/');
            if kind.is_dir() {
                if deep {
                    self.add_below(inner, &path, wanted, true)?;
                }
            } else if wanted(&path) {
                self.add_file(inner, &path)?;
            }
        }
        if deep && !to.is_empty() {
            self.add_directory(to)?;
        }
        Ok(())
    }

    /// Adds a file of this machine; a link stands for what it points to.
    pub(super) fn add_file(&mut self, to: &str, path: &Path) -> Result<(), ImageError> {
        let meta = look(path)?;
        if !meta.is_file() {
            return Err(ImageError::Kind {
                path: path.to_owned(),
            });
        }
        let source = Source::File {
            // Tools run elsewhere.
            path: std::path::absolute(path).map_err(|source| unread(path, source))?,
            length: meta.len(),
        };
        self.add(to, source)
    }

    /// Adds a file that is made here.
    pub(super) fn add_text(&mut self, to: &str, text: impl Into<String>) -> Result<(), ImageError> {
        self.add(to, Source::Text(text.into()))
    }

    fn add(&mut self, to: &str, source: Source) -> Result<(), ImageError> {
        if let Some((parent, _)) = to.rsplit_once('/') {
            self.add_directory(parent)?;
        }
        is_name(to)?;
        match self.0.insert(to.to_owned(), source) {
            None => Ok(()),
            Some(_) => Err(ImageError::Twice {
                name: to.to_owned(),
            }),
        }
    }

    /// Adds a directory and those above it, where they are not there.
    pub(super) fn add_directory(&mut self, to: &str) -> Result<(), ImageError> {
        let ends = to.match_indices('/').map(|(at, _)| at).chain([to.len()]);
        for end in ends {
            let path = to.get(..end).unwrap_or(to);
            is_name(path)?;
            let source = self.0.entry(path.to_owned()).or_insert(Source::Directory);
            if *source != Source::Directory {
                return Err(ImageError::Twice {
                    name: path.to_owned(),
                });
            }
        }
        Ok(())
    }

    /// Refuses files that FAT cannot hold.
    pub(super) fn check_lengths(&self) -> Result<(), ImageError> {
        let too_long = self.0.values().find_map(|source| match source {
            Source::File { path, length } if *length > FAT_LONGEST => Some((path, *length)),
            _ => None,
        });
        match too_long {
            None => Ok(()),
            Some((path, length)) => Err(ImageError::TooLong {
                path: path.clone(),
                length: Bytes(length),
            }),
        }
    }

    /// Names and sources, in the order of the names.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&str, &Source)> {
        self.0.iter().map(|(path, source)| (path.as_str(), source))
    }

    /// Takes the files for which `first` holds apart from all others; directories stay with the others.
    pub(super) fn split(self, first: impl Fn(&str) -> bool) -> (Self, Self) {
        let is_first =
            |(path, source): &(String, Source)| *source != Source::Directory && first(path);
        let (one, other): (BTreeMap<_, _>, BTreeMap<_, _>) = self.0.into_iter().partition(is_first);
        (Self(one), Self(other))
    }

    /// The bytes that all files take, each rounded up to a multiple of `unit`.
    pub(super) fn size(&self, unit: u64) -> u64 {
        let length = |source: &Source| match source {
            Source::Directory => unit,
            Source::File { length, .. } => *length,
            Source::Text(text) => text.len() as u64,
        };
        self.0
            .values()
            .map(|source| length(source).next_multiple_of(unit))
            .sum()
    }

    /// When the newest file was changed, in seconds since 1970.
    pub(super) fn newest(&self) -> u64 {
        let time = |source: &Source| match source {
            Source::File { path, .. } => {
                let time = fs::metadata(path).and_then(|meta| meta.modified()).ok()?;
                time.duration_since(SystemTime::UNIX_EPOCH).ok()
            }
            Source::Directory | Source::Text(_) => None,
        };
        let newest = self.0.values().filter_map(time).max();
        newest.as_ref().map_or(0, Duration::as_secs)
    }
}

fn look(path: &Path) -> Result<fs::Metadata, ImageError> {
    fs::metadata(path).map_err(|source| unread(path, source))
}

fn unread(path: &Path, source: std::io::Error) -> ImageError {
    ImageError::Read {
        path: path.to_owned(),
        source,
    }
}

fn is_bundle(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension == BUNDLE)
}

/// The last part of a path, as text.
fn name(path: &Path) -> Result<&str, ImageError> {
    path.file_name()
        .and_then(|name| name.to_str())
        .ok_or_else(|| ImageError::Name {
            name: path.display().to_string(),
            problem: "it is no UTF-8; rename it",
        })
}

/// The tools that fill file systems take names in their own quotes.
fn is_name(path: &str) -> Result<(), ImageError> {
    let problem = if path.chars().any(char::is_control) {
        "it has control characters; rename it"
    } else if path.contains(['"', '\\']) {
        "it has a quote or a backslash; rename it"
    } else if path.split('/').any(|part| matches!(part, "" | "." | "..")) {
        "it leads nowhere"
    } else if path.split('/').any(|part| part.len() > 255) {
        "it is longer than 255 bytes; rename it"
    } else {
        return Ok(());
    };
    Err(ImageError::Name {
        name: path.to_owned(),
        problem,
    })
}

/// Linux, `Documentation/arch/x86/boot.rst`: the header's magic at 0x202.
fn is_kernel(path: &Path) -> Result<(), ImageError> {
    let mut magic = [0; 4];
    let file = fs::File::open(path).map_err(|source| unread(path, source))?;
    match file.read_exact_at(&mut magic, 0x202) {
        Ok(()) if &magic == b"HdrS" => Ok(()),
        _ => Err(ImageError::NotAKernel {
            path: path.to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests;
