//! The module directory of the image: the chosen modules, all that they need, and depmod's files
//! cut down to them.
//!
//! depmod itself is not needed: what it found out about the whole directory is true of a part of it
//! that is closed under dependencies.

mod firmware;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use perch_sys::kmod::{Found, Index, Module, glob, name};
use serde::Serialize;

use crate::compress::Compression;
use crate::cpio::{Node, Tree};
use crate::error::Error;
use crate::parallel;
use crate::read::{read, read_text};
use crate::selection;
pub(crate) use firmware::Firmware;
pub use firmware::FirmwareFile;

/// The word that stands for what this very machine needs.
pub(crate) const DEP: &str = "dep";

/// The modules of an image.
pub(crate) struct Modules {
    /// Name to path below the module directory.
    paths: BTreeMap<String, String>,
    /// Names of those that lie in the image as they are, where the others are packed one by one.
    ready: BTreeSet<String>,
    dir: PathBuf,
}

/// A module in an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ModuleFile {
    /// Its name, with `_`.
    pub name: String,
    /// Its length in bytes, unpacked.
    pub bytes: usize,
    /// What it takes, if it is packed by itself; absent for one that lies ready for use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub packed: Option<usize>,
}

/// What the module directory of an image holds.
#[derive(Debug, Default)]
pub(crate) struct Packed {
    /// By name.
    pub(crate) modules: Vec<ModuleFile>,
    /// Bytes of depmod's files.
    pub(crate) index: usize,
    /// What the modules will ask for.
    pub(crate) firmware: Firmware,
}

/// A module on its way into an image.
struct Ready {
    file: ModuleFile,
    old: String,
    new: String,
    content: Vec<u8>,
    firmware: Vec<String>,
}

impl Modules {
    /// The modules that `wanted` names, with all that they need.
    ///
    /// Each word is a module, a pattern of such, an alias, or one of the sets `most`, `common` and `dep`. A
    /// word that stands for nothing is an error; one of a set's is not. `machine` is what `dep` stands for.
    pub(crate) fn select<'a>(
        dir: &Path,
        wanted: impl IntoIterator<Item = &'a str>,
        machine: &BTreeSet<String>,
    ) -> Result<Self, Error> {
        let index = Index::open(dir);
        let mut common = Self::none(dir);
        common.add_all(&index, selection::COMMON.iter().copied().flatten().copied())?;
        let mut chosen = Self::none(dir);
        chosen.ready.extend(common.paths.into_keys());
        for word in wanted {
            let set = match word {
                "most" => selection::MOST,
                "common" => selection::COMMON,
                DEP => selection::DEP,
                word if chosen.add(&index, word)? == 0 => {
                    return Err(Error::NoModule {
                        name: word.to_owned(),
                        dir: dir.to_owned(),
                    });
                }
                _ => &[],
            };
            chosen.add_all(&index, set.iter().copied().flatten().copied())?;
            if word == DEP {
                // All of it will be loaded.
                let mut dep = Self::none(dir);
                dep.add_all(&index, machine.iter().map(String::as_str))?;
                chosen.ready.extend(dep.paths.keys().cloned());
                chosen.paths.extend(dep.paths);
            }
        }
        Ok(chosen)
    }

    fn none(dir: &Path) -> Self {
        Self {
            paths: BTreeMap::new(),
            ready: BTreeSet::new(),
            dir: dir.into(),
        }
    }

    /// What of `names` is neither in the image nor part of the kernel.
    pub(crate) fn lacks(&self, names: &[&'static str]) -> Result<Vec<&'static str>, Error> {
        let index = Index::open(&self.dir);
        let mut lacking = Vec::new();
        for name in names {
            let there = self.paths.contains_key(*name) || index.find(name)? == Found::Builtin;
            lacking.extend((!there).then_some(*name));
        }
        Ok(lacking)
    }

    fn add_all<'a>(
        &mut self,
        index: &Index,
        words: impl Iterator<Item = &'a str>,
    ) -> Result<(), Error> {
        for word in words {
            self.add(index, word)?;
        }
        Ok(())
    }

    /// Adds what `word` stands for and tells how many modules, or parts of the kernel, that are.
    fn add(&mut self, index: &Index, word: &str) -> Result<usize, Error> {
        let named: Vec<Module> = if word.contains('*') {
            let fits = |module: &Module| {
                glob::matches(word.as_bytes(), module.name.as_bytes())
                    && !selection::NEVER.contains(&module.name)
            };
            index.modules()?.iter().filter(fits).collect()
        } else {
            match index.find(word)? {
                Found::Modules(modules) => modules,
                Found::Builtin => return Ok(1),
                Found::Nothing => return Ok(0),
            }
        };
        for module in &named {
            for needed in index.load_order(*module)? {
                self.paths
                    .insert(name::canonical(needed.name), needed.path.to_owned());
                for word in hidden(needed.name) {
                    self.add(index, word)?;
                }
            }
        }
        Ok(named.len())
    }

    /// Puts the modules, their firmware from the system in `root` and their index into the two trees of an image.
    ///
    /// With `packing` only the modules that most boots load go into `main` as they are; the others go into
    /// `rest`, each compressed by itself.
    pub(crate) fn pack(
        &self,
        (root, version): (&Path, &str),
        packing: Compression,
        main: &mut Tree,
        rest: &mut Tree,
    ) -> Result<Packed, Error> {
        let paths: Vec<(&String, &String)> = self.paths.iter().collect();
        let all = parallel::map(&paths, |(name, path)| self.ready(name, path, packing))?;
        let mut packed = Packed::default();
        let mut renamed = BTreeMap::new();
        let mut firmware = BTreeSet::new();
        let target = format!("lib/modules/{version}");
        for module in all {
            let tree = match module.file.packed {
                None => &mut *main,
                Some(_) => &mut *rest,
            };
            let path = format!("{target}/{}", module.new);
            tree.add(&path, Node::File(module.content, 0o644));
            packed.modules.push(module.file);
            renamed.insert(module.old, module.new);
            firmware.extend(module.firmware);
        }
        packed.firmware = Firmware::pack(root, version, &firmware, rest)?;
        let index = Index::open(&self.dir);
        for (file, text) in [
            ("modules.dep", self.dep(&index, &renamed)?),
            (
                "modules.alias",
                self.lines("modules.alias", |line| line.split(' ').nth(2))?,
            ),
            ("modules.softdep", self.softdep()?),
            ("modules.builtin", self.text("modules.builtin")?),
        ] {
            packed.index += text.len();
            main.add(&format!("{target}/{file}"), Node::File(text.into(), 0o644));
        }
        Ok(packed)
    }

    /// Reads a module, unpacks it if a distribution has packed it, and packs it if few boots load it.
    fn ready(&self, name: &str, path: &str, packing: Compression) -> Result<Ready, Error> {
        let file = self.dir.join(path);
        let (plain, content) = Compression::undo(path, read(&file)?, &file)?;
        let firmware = firmware::wanted_by(&content);
        let bytes = content.len();
        let is_ready = packing == Compression::None || self.ready.contains(name);
        let (suffix, content) = match is_ready {
            true => ("", content),
            false => (packing.suffix(), packing.apply(&content)?),
        };
        Ok(Ready {
            file: ModuleFile {
                name: name.to_owned(),
                bytes,
                packed: (!is_ready).then_some(content.len()),
            },
            old: path.to_owned(),
            new: format!("{plain}{suffix}"),
            content,
            firmware,
        })
    }

    /// `modules.dep`, sorted by module, which spares the boot program the work.
    fn dep(&self, index: &Index, renamed: &BTreeMap<String, String>) -> Result<String, Error> {
        let mut text = String::new();
        for module in self.paths.keys() {
            let Some(module) = index.modules()?.find(module) else {
                continue;
            };
            let new = |path: &str| {
                renamed
                    .get(path)
                    .cloned()
                    .unwrap_or_else(|| path.to_owned())
            };
            let mut needs: Vec<String> = module.needs().map(new).collect();
            needs.reverse();
            let space = if needs.is_empty() { "" } else { " " };
            text += &format!("{}:{space}{}\n", new(module.path), needs.join(" "));
        }
        Ok(text)
    }

    fn softdep(&self) -> Result<String, Error> {
        let mut text = self.lines("modules.softdep", |line| line.split(' ').nth(1))?;
        for module in self.paths.keys() {
            let names = hidden(module);
            if !names.is_empty() {
                text += &format!("softdep {module} pre: {}\n", names.join(" "));
            }
        }
        Ok(text)
    }

    /// The lines of `file` whose module, found by `of`, is in the image; sorted, as the boot program
    /// passes over neighbours that begin alike together.
    fn lines(&self, file: &str, of: impl Fn(&str) -> Option<&str>) -> Result<String, Error> {
        let text = self.text(file)?;
        let ours = |line: &&str| {
            !line.starts_with('#')
                && of(line).is_some_and(|module| self.paths.contains_key(&name::canonical(module)))
        };
        let mut lines: Vec<&str> = text.lines().filter(ours).collect();
        lines.sort_unstable();
        lines.dedup();
        Ok(lines.iter().flat_map(|line| [line, "\n"]).collect())
    }

    fn text(&self, file: &str) -> Result<String, Error> {
        Ok(read_text(&self.dir.join(file))?.unwrap_or_default())
    }
}

/// What the kernel will ask for once `module` is there.
fn hidden(module: &str) -> &'static [&'static str] {
    let found = (selection::HIDDEN.iter()).find(|(asks, _)| name::same(asks, module));
    found.map_or(&[], |(_, wants)| wants)
}

#[cfg(test)]
mod tests;
