//! The menus of boot loaders: what a menu offers as data ([`Menu`]), and the texts of its files ([`render`]).
//!
//! Pure: whoever calls this puts the files on a medium. Names of sessions, titles and the like may hold anything;
//! they are cut down to what a loader can show, and quoted for its language. Nothing in them becomes a command.
//!
//! ```
//! use perch_medium::menu::{self, Loader, Menu};
//!
//! let files = menu::render(&Menu::default(), Loader::Grub).unwrap();
//! assert_eq!(files[0].path, "boot/grub/grub.cfg");
//! ```

mod check;
mod entry;
mod grub;
mod locale;
pub mod own_lines;
mod serial;
mod settings;
mod syslinux;
mod template;
mod words;

#[cfg(test)]
mod tests;

use perch_core::menu::language::Language;

pub use check::MenuError;
pub use entry::{Entry, Label, NamedSession};
pub use locale::{locale, native_name, tag};
pub use serial::{BadSerial, Serial};
pub use settings::take_over;
pub use words::Text;

/// What every file of ours says in a line of its own: how `perch menu` knows what it may replace.
pub const MADE_BY: &str = "made by perch menu";

/// A boot loader, by the language of its menu.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loader {
    /// GRUB 2, for BIOS and UEFI.
    Grub,
    /// SYSLINUX, EXTLINUX and ISOLINUX.
    Syslinux,
}

impl Loader {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Grub, Self::Syslinux];

    /// The word for it in arguments.
    pub fn word(self) -> &'static str {
        match self {
            Self::Grub => "grub",
            Self::Syslinux => "syslinux",
        }
    }
}

/// What SYSLINUX shows its menu with. Its programs (`*.c32`) have to lie beside the menu.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SyslinuxUi {
    /// `vesamenu.c32`: in graphics, and on a serial line.
    Graphical,
    /// `menu.c32`: on any screen.
    #[default]
    Text,
    /// No program: a list, and names to be typed.
    Prompt,
}

/// What a menu offers, and how. [`Menu::default`] has the five entries of every perch medium.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Menu {
    /// The name of the system. Any text.
    pub title: String,
    /// The kernel's path on the medium, with a leading `/`.
    pub kernel: String,
    /// The initial file system's path on the medium, with a leading `/`.
    pub initrd: String,
    /// Kernel parameters of every entry, as they stand on a kernel command line.
    pub options: String,
    /// Seconds until the first entry starts by itself; absent for a menu that waits.
    pub timeout: Option<u32>,
    /// A serial line that shows the menu too; the kernel talks there as well, unless `options` say `console=`.
    pub serial: Option<Serial>,
    /// The language of the menu and of the system; absent for English words, and a system that decides itself.
    pub language: Option<Language>,
    /// What can be chosen in the menu of languages (GRUB). None: no such menu.
    pub languages: Vec<Language>,
    /// Whether GRUB gets a file to remember the language in. It is written to in place, and only if it is there.
    pub remember_language: bool,
    /// The entries. The first one is the one that starts by itself.
    pub entries: Vec<Entry>,
    /// Sessions with entries of their own.
    pub sessions: Vec<NamedSession>,
    /// How SYSLINUX shows it.
    pub syslinux_ui: SyslinuxUi,
    /// GRUB's directory on the medium, without a leading `/`.
    pub grub_dir: String,
    /// SYSLINUX's directory on the medium, without a leading `/`.
    pub syslinux_dir: String,
}

impl Menu {
    /// The five entries, with kernel and initial file system in `boot/` of the directory `live_name`.
    pub fn new(live_name: &str) -> Self {
        Self {
            title: "Live system".into(),
            kernel: format!("/{live_name}/boot/vmlinuz"),
            initrd: format!("/{live_name}/boot/initrd.img"),
            options: "boot=live quiet".into(),
            timeout: Some(10),
            serial: Some(Serial::default()),
            language: None,
            languages: Language::ALL.to_vec(),
            remember_language: true,
            entries: Entry::five(),
            sessions: Vec::new(),
            syslinux_ui: SyslinuxUi::default(),
            grub_dir: "boot/grub".into(),
            syslinux_dir: "boot/syslinux".into(),
        }
    }

    /// Kernel parameters of every entry, with those of the serial line.
    fn all_options(&self) -> String {
        let chosen = self
            .options
            .split_ascii_whitespace()
            .any(|word| word.starts_with("console="));
        let serial = self.serial.filter(|_| !chosen);
        let console = serial.map(Serial::kernel_parameters).unwrap_or_default();
        join([console.as_str(), &self.options])
    }
}

/// The menu of a medium with the usual directory, `minios`.
impl Default for Menu {
    fn default() -> Self {
        Self::new("minios")
    }
}

/// A file of a menu.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MenuFile {
    /// Where it belongs: relative to the root of the medium.
    pub path: String,
    /// Its content.
    pub text: String,
    /// It is written only where there is none: a file that the loader itself writes to.
    pub once: bool,
}

/// The files of a menu for `loader`, from our own template.
///
/// # Errors
/// If a path or a parameter cannot be said in the loader's language.
pub fn render(menu: &Menu, loader: Loader) -> Result<Vec<MenuFile>, MenuError> {
    render_from(menu, loader, template(loader))
}

/// As [`render`], from a template of somebody else's: the text that [`template`] has.
///
/// # Errors
/// Also if the template has a word between `@` that is not known.
pub fn render_from(
    menu: &Menu,
    loader: Loader,
    template: &str,
) -> Result<Vec<MenuFile>, MenuError> {
    check::check(menu, loader)?;
    match loader {
        Loader::Grub => grub::render(menu, template),
        Loader::Syslinux => syslinux::render(menu, template),
    }
}

/// Our own template of the main file of a menu.
pub fn template(loader: Loader) -> &'static str {
    match loader {
        Loader::Grub => grub::TEMPLATE,
        Loader::Syslinux => syslinux::TEMPLATE,
    }
}

/// The parts that are not empty, with a blank between them.
fn join<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    let mut joined = String::new();
    for part in parts
        .into_iter()
        .map(str::trim)
        .filter(|part| !part.is_empty())
    {
        if !joined.is_empty() {
            joined.push(' ');
        }
        joined.push_str(part);
    }
    joined
}
