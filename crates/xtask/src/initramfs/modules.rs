//! The module directory of the image: the chosen modules, all that they need, and depmod's files
//! cut down to them.
//!
//! depmod itself is not needed: what it found out about the whole directory is true of a part of it
//! that is closed under dependencies.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use perch_sys::kmod::{Found, Index, Module, glob, name};

use super::compress::Compression;
use super::cpio::{Node, Tree};
use super::selection;

/// The modules of an image.
pub struct Modules {
    /// Name to path below the module directory.
    paths: BTreeMap<String, String>,
    dir: PathBuf,
}

/// How much some modules take.
#[derive(Debug, Default)]
pub struct Size {
    pub count: usize,
    /// Bytes of the plain modules, and of the image's files.
    pub before: usize,
    pub after: usize,
}

/// How much the parts of the module directory take.
#[derive(Debug, Default)]
pub struct Sizes {
    /// The modules that lie ready for use.
    pub ready: Size,
    /// Those that are compressed each by itself.
    pub packed: Size,
    /// Bytes of depmod's files.
    pub index: usize,
}

impl Size {
    fn add(&mut self, before: usize, after: usize) {
        self.count += 1;
        self.before += before;
        self.after += after;
    }
}

/// The directory with the modules of kernel `version` below `root`.
///
/// An error that lists the kernels there are, if it is not among them.
pub fn directory(root: &Path, version: &str) -> Result<PathBuf> {
    let places = [root.join("lib/modules"), root.join("usr/lib/modules")];
    for place in &places {
        let dir = place.join(version);
        if !version.is_empty() && dir.is_dir() {
            if !dir.join("modules.dep").is_file() {
                bail!(
                    "{} has no modules.dep; run depmod -b {} {version} first",
                    dir.display(),
                    root.display()
                );
            }
            return Ok(dir);
        }
    }
    let mut found: Vec<String> = Vec::new();
    for place in &places {
        for entry in fs::read_dir(place).into_iter().flatten().flatten() {
            found.extend(entry.file_name().into_string());
        }
    }
    found.sort();
    found.dedup();
    let [first, second] = places.map(|place| place.display().to_string());
    if found.is_empty() {
        bail!("there is no kernel {version}: neither {first} nor {second} holds modules");
    }
    bail!(
        "there is no kernel {version} in {first}, only {}",
        found.join(", ")
    );
}

impl Modules {
    /// The modules that `wanted` names, with all that they need.
    ///
    /// Each word is a module, a pattern of such, an alias, or one of the sets `most` and `common`. A
    /// word that stands for nothing is an error; one of a set's is not.
    pub fn select<'a>(dir: &Path, wanted: impl IntoIterator<Item = &'a str>) -> Result<Self> {
        let index = Index::open(dir);
        let mut chosen = Self {
            paths: BTreeMap::new(),
            dir: dir.into(),
        };
        for word in wanted {
            let set = match word {
                "most" => selection::MOST,
                "common" => selection::COMMON,
                _ => &[],
            };
            for word in set.iter().copied().flatten() {
                chosen.add(&index, word)?;
            }
            if set.is_empty() && chosen.add(&index, word)? == 0 {
                bail!("no module of {} is called {word}", dir.display());
            }
        }
        Ok(chosen)
    }

    /// Adds what `word` stands for and tells how many modules, or parts of the kernel, that are.
    fn add(&mut self, index: &Index, word: &str) -> Result<usize> {
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

    /// Puts the modules and their index into the two trees of an image, as `lib/modules/VERSION`.
    ///
    /// With `packing` only the modules of [`selection::COMMON`] go into `main` as they are; the
    /// others go into `rest`, each compressed by itself.
    pub fn pack(
        &self,
        version: &str,
        packing: Compression,
        main: &mut Tree,
        rest: &mut Tree,
    ) -> Result<Sizes> {
        let common = Self::select(&self.dir, ["common"])?;
        let mut sizes = Sizes::default();
        let mut renamed = BTreeMap::new();
        let target = format!("lib/modules/{version}");
        for (module, path) in &self.paths {
            let file = self.dir.join(path);
            let bytes =
                fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
            // A distribution may have packed its modules already.
            let (plain, content) = Compression::undo(path, bytes)?;
            let before = content.len();
            let (tree, size, new, content) =
                if packing == Compression::None || common.paths.contains_key(module) {
                    (&mut *main, &mut sizes.ready, plain.to_owned(), content)
                } else {
                    let new = format!("{plain}{}", packing.suffix());
                    (&mut *rest, &mut sizes.packed, new, packing.apply(&content)?)
                };
            size.add(before, content.len());
            tree.add(&format!("{target}/{new}"), Node::File(content, 0o644));
            renamed.insert(path.clone(), new);
        }
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
            sizes.index += text.len();
            main.add(&format!("{target}/{file}"), Node::File(text.into(), 0o644));
        }
        Ok(sizes)
    }

    /// `modules.dep`, sorted by module, which spares the boot program the work.
    fn dep(&self, index: &Index, renamed: &BTreeMap<String, String>) -> Result<String> {
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

    fn softdep(&self) -> Result<String> {
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
    fn lines(&self, file: &str, of: impl Fn(&str) -> Option<&str>) -> Result<String> {
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

    fn text(&self, file: &str) -> Result<String> {
        let path = self.dir.join(file);
        match fs::read_to_string(&path) {
            Ok(text) => Ok(text),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
            Err(e) => Err(e).with_context(|| format!("cannot read {}", path.display())),
        }
    }
}

/// What the kernel will ask for once `module` is there.
fn hidden(module: &str) -> &'static [&'static str] {
    let found = (selection::HIDDEN.iter()).find(|(asks, _)| name::same(asks, module));
    found.map_or(&[], |(_, wants)| wants)
}

#[cfg(test)]
mod tests;
