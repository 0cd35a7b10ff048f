//! The kinds of initramfs that scenarios are booted with: perch's own, and those that initramfs-tools and dracut make
//! where a package of perch has put its hooks.

mod foreign;
pub mod installed;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::host::kernel::Kernel;

/// Names the kind that every scenario is to be booted with that does not ask for another; without it perch's own.
pub const INITRAMFS: &str = "PERCH_TEST_INITRAMFS";

/// A kind of initramfs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// perch's own: perch-init is process 1.
    #[default]
    Own,
    /// Debian's: a shell script is process 1.
    InitramfsTools,
    /// Fedora's and others', as Debian has it: systemd is process 1.
    Dracut,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Own, Self::InitramfsTools, Self::Dracut];

    /// Its name on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Own => "perch",
            Self::InitramfsTools => "initramfs-tools",
            Self::Dracut => "dracut",
        }
    }

    /// The kind of this name.
    ///
    /// # Errors
    /// If there is none.
    pub fn parse(word: &str) -> Result<Self> {
        match Self::ALL.into_iter().find(|kind| kind.word() == word) {
            Some(kind) => Ok(kind),
            None => {
                let words = Self::ALL.map(Self::word).join(", ");
                bail!("there is no initramfs of the kind {word:?}; there are: {words}")
            }
        }
    }

    /// The kind that [`INITRAMFS`] names.
    ///
    /// # Errors
    /// If it names none.
    pub fn chosen() -> Result<Self> {
        match std::env::var(INITRAMFS) {
            Ok(word) => Self::parse(&word).context(INITRAMFS),
            Err(_) => Ok(Self::default()),
        }
    }

    /// What the kernel command line needs beside perch's own parameters.
    pub fn asks_for_perch(self, cmdline: &str) -> &'static str {
        let says_so = cmdline.split(' ').any(|word| word.starts_with("boot="));
        match self {
            Self::InitramfsTools | Self::Dracut if !says_so => "boot=perch",
            _ => "",
        }
    }
}

/// An image of a host's kind for `kernel`, made by the host's own tools with perch's hooks in their places; from the cache
/// if nothing of this has changed. `program` is perch-init; the one in the image may be an older one: whoever boots it adds the
/// present one.
///
/// # Errors
/// If packages are missing, without a network, or if the host's tools fail.
pub fn foreign(kind: Kind, kernel: &Kernel, program: &Path) -> Result<PathBuf> {
    match kind {
        Kind::Own => bail!("perch's own image is made by cargo xtask initramfs"),
        Kind::InitramfsTools => foreign::INITRAMFS_TOOLS.image(kernel, program),
        Kind::Dracut => foreign::DRACUT.image(kernel, program),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_have_words_and_foreign_ones_must_be_told() {
        for kind in Kind::ALL {
            assert_eq!(Kind::parse(kind.word()).unwrap(), kind);
        }
        assert!(Kind::parse("mkinitcpio").is_err());
        assert_eq!(Kind::Dracut.asks_for_perch("perch"), "boot=perch");
        assert_eq!(Kind::Dracut.asks_for_perch("boot=live perch"), "");
        assert_eq!(Kind::Own.asks_for_perch("perch"), "");
    }
}
