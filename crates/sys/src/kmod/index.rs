//! The files that depmod writes into `/lib/modules/RELEASE`, and what follows from them: which
//! modules to load for a name, and in which order.
//!
//! Each file is read when a question first needs it. Nothing here loads a module.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use rustix::io::Errno;

use super::alias::Aliases;
use super::dep::{Module, Modules};
use super::{KmodError, name, softdep};

/// The longest chain of modules that need each other. Real ones are below ten.
pub const MAX_DEPTH: usize = 48;

/// No index file comes near this size; the largest of a distribution kernel has 1.3 MB.
const MAX_FILE: u64 = 64 << 20;

type Lazy<T> = OnceLock<Result<T, KmodError>>;

/// The module directory of one kernel.
#[derive(Debug)]
pub struct Index {
    dir: PathBuf,
    modules: Lazy<Modules>,
    aliases: Lazy<Aliases>,
    softdeps: Lazy<String>,
    builtin: Lazy<Modules>,
}

/// What a name stands for.
#[derive(Debug, PartialEq, Eq)]
pub enum Found<'i> {
    /// A module, or the modules that claim an alias; never empty.
    Modules(Vec<Module<'i>>),
    /// Part of the kernel itself.
    Builtin,
    /// None of these.
    Nothing,
}

impl Index {
    /// The index in `dir`, usually `/lib/modules/` and the running kernel's release.
    pub fn open(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            modules: OnceLock::new(),
            aliases: OnceLock::new(),
            softdeps: OnceLock::new(),
            builtin: OnceLock::new(),
        }
    }

    /// An index whose files hold these texts; nothing is built in.
    #[cfg(any(test, feature = "fuzzing"))]
    pub fn of_texts(dep: String, alias: String, softdep: String) -> Self {
        Self {
            modules: OnceLock::from(Ok(Modules::parse(dep))),
            aliases: OnceLock::from(Ok(Aliases::parse(alias))),
            softdeps: OnceLock::from(Ok(softdep)),
            builtin: OnceLock::from(Ok(Modules::parse(String::new()))),
            ..Self::open("")
        }
    }

    /// The index of the running kernel, in `/lib/modules`.
    pub fn of_running_kernel() -> Self {
        let uname = rustix::system::uname();
        let release = uname.release().to_string_lossy();
        Self::open(Path::new("/lib/modules").join(release.as_ref()))
    }

    /// The directory, as given.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// All modules of `modules.dep`. An error if that file is missing.
    pub fn modules(&self) -> Result<&Modules, KmodError> {
        self.lazy(&self.modules, "modules.dep", Modules::parse)
    }

    fn aliases(&self) -> Result<&Aliases, KmodError> {
        self.lazy(&self.aliases, "modules.alias", Aliases::parse)
    }

    fn softdeps(&self) -> Result<&str, KmodError> {
        self.lazy(&self.softdeps, "modules.softdep", |text| text)
            .map(String::as_str)
    }

    fn builtin(&self) -> Result<&Modules, KmodError> {
        self.lazy(&self.builtin, "modules.builtin", Modules::parse)
    }

    /// What `name` stands for: a module's own name goes before an alias, as in modprobe(8).
    ///
    /// A text with a colon, so one that describes a device, is only looked for among the aliases.
    pub fn find(&self, name: &str) -> Result<Found<'_>, KmodError> {
        let device = name.contains(':');
        if !device && let Some(module) = self.modules()?.find(name) {
            return Ok(Found::Modules(vec![module]));
        }
        let modules = self.modules()?;
        let mut claimed = Vec::new();
        for module in self.aliases()?.find(name) {
            // An alias may outlive its module in a pruned directory.
            claimed.extend(modules.find(module));
        }
        Ok(if !claimed.is_empty() {
            Found::Modules(claimed)
        } else if !device && self.builtin()?.find(name).is_some() {
            Found::Builtin
        } else {
            Found::Nothing
        })
    }

    /// The modules to be loaded for `module`, each once, in an order in which every module comes
    /// after those it needs; `module` itself is among them, and followed only by the ones that its
    /// soft dependencies want after it.
    pub fn load_order<'i>(&'i self, module: Module<'i>) -> Result<Vec<Module<'i>>, KmodError> {
        let mut order = Order {
            index: self,
            begun: Vec::new(),
            ready: Vec::new(),
        };
        order.add(module, 0)?;
        Ok(order.ready)
    }

    fn lazy<'s, T>(
        &self,
        slot: &'s Lazy<T>,
        file: &str,
        parse: impl FnOnce(String) -> T,
    ) -> Result<&'s T, KmodError> {
        let read = || {
            let path = self.dir.join(file);
            match read_text(&path) {
                Ok(text) => Ok(parse(text)),
                // A kernel may well have no aliases; but without modules.dep this is no module
                // directory.
                Err(Errno::NOENT) if file != "modules.dep" => Ok(parse(String::new())),
                Err(source) => Err(KmodError::Index { path, source }),
            }
        };
        slot.get_or_init(read).as_ref().map_err(Clone::clone)
    }
}

/// A walk over the dependencies of one module.
struct Order<'i> {
    index: &'i Index,
    /// Names of the modules seen, so that a circle ends where it closes.
    begun: Vec<&'i str>,
    ready: Vec<Module<'i>>,
}

impl<'i> Order<'i> {
    fn add(&mut self, module: Module<'i>, depth: usize) -> Result<(), KmodError> {
        if self.begun.iter().any(|name| name::same(name, module.name)) {
            return Ok(());
        }
        if depth == MAX_DEPTH {
            return Err(KmodError::TooDeep {
                module: module.name.into(),
            });
        }
        self.begun.push(module.name);
        let soft = softdep::of(self.index.softdeps()?, module.name);
        self.add_soft(&soft.pre, depth)?;
        for path in module.needs() {
            // A file without a line of its own is a damaged index; the kernel will name the symbol
            // that is missing.
            if let Some(needed) = self.index.modules()?.find(name::of_file(path)) {
                self.add(needed, depth + 1)?;
            }
        }
        self.ready.push(module);
        self.add_soft(&soft.post, depth)
    }

    fn add_soft(&mut self, names: &[&str], depth: usize) -> Result<(), KmodError> {
        for name in names {
            if let Found::Modules(modules) = self.index.find(name)? {
                for module in modules {
                    self.add(module, depth + 1)?;
                }
            }
        }
        Ok(())
    }
}

/// Reads a text file; bytes that are no UTF-8 become replacement characters.
fn read_text(path: &Path) -> Result<String, Errno> {
    let errno = |e: io::Error| Errno::from_io_error(&e).unwrap_or(Errno::IO);
    let file = File::open(path).map_err(errno)?;
    let len = file.metadata().map_err(errno)?.len();
    if len > MAX_FILE {
        return Err(Errno::FBIG);
    }
    let mut bytes = Vec::with_capacity(usize::try_from(len).unwrap_or(0) + 1);
    file.take(MAX_FILE).read_to_end(&mut bytes).map_err(errno)?;
    Ok(String::from_utf8(bytes)
        .unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned()))
}

#[cfg(test)]
mod tests;
