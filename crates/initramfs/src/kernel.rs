//! The kernel an image is for: where its modules are, and what it can unpack.

use std::io::Read;
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;

use crate::compress::Compression;
use crate::error::Error;
use crate::read::{failed, names, read, read_text};

/// The release of the running kernel, as `uname -r` prints it.
pub fn running() -> String {
    let uname = rustix::system::uname();
    uname.release().to_string_lossy().into_owned()
}

/// The directory with the modules of kernel `version` below `root`; in systems before the merge of `/usr`,
/// `lib` is no link.
pub(crate) fn modules(root: &Path, version: &str) -> Result<PathBuf, Error> {
    let places = [root.join("lib/modules"), root.join("usr/lib/modules")];
    for place in &places {
        let dir = place.join(version);
        if !version.is_empty() && !version.contains('/') && dir.is_dir() {
            if dir.join("modules.dep").is_file() {
                return Ok(dir);
            }
            return Err(Error::NoIndex {
                dir,
                root: root.to_owned(),
                version: version.to_owned(),
            });
        }
    }
    let [place, other] = places;
    let mut found = names(&place)?;
    found.extend(names(&other)?);
    found.sort();
    found.dedup();
    Err(Error::NoKernel {
        version: version.to_owned(),
        place,
        found,
    })
}

/// The configuration that a kernel was built with.
#[derive(Debug)]
pub(crate) struct Config {
    path: PathBuf,
    text: String,
}

impl Config {
    /// That of kernel `version`, whose modules are in `modules`; `None` where no file tells it. Debian and its
    /// relatives keep it in `/boot`, Fedora with the modules, and a kernel may show its own in `/proc`.
    pub(crate) fn find(root: &Path, version: &str, modules: &Path) -> Result<Option<Self>, Error> {
        let debian = root.join("boot").join(format!("config-{version}"));
        for path in [debian, modules.join("config")] {
            if let Some(text) = read_text(&path)? {
                return Ok(Some(Self { path, text }));
            }
        }
        let path = PathBuf::from("/proc/config.gz");
        if root != Path::new("/") || version != running() || !path.exists() {
            return Ok(None);
        }
        let mut text = String::new();
        GzDecoder::new(&*read(&path)?)
            .read_to_string(&mut text)
            .map_err(|source| failed(&path, source))?;
        Ok(Some(Self { path, text }))
    }

    fn has(&self, option: &str) -> bool {
        let mut lines = self.text.lines();
        lines.any(|line| line.strip_prefix(option) == Some("=y"))
    }
}

/// What the kernel's configuration calls the ability to unpack an image (Linux, `usr/Kconfig`).
fn option(kind: Compression) -> &'static str {
    match kind {
        Compression::None => "CONFIG_BLK_DEV_INITRD",
        Compression::Gzip => "CONFIG_RD_GZIP",
        Compression::Lz4 => "CONFIG_RD_LZ4",
        Compression::Xz => "CONFIG_RD_XZ",
        Compression::Zstd => "CONFIG_RD_ZSTD",
    }
}

/// How the image of kernel `version` is packed: as `asked`, or in the first of the ways from the fastest on
/// that the kernel knows. Without a configuration it knows all of them, which is the kernel's own default.
pub(crate) fn compression(
    config: Option<&Config>,
    version: &str,
    asked: Option<Compression>,
) -> Result<Compression, Error> {
    const BY_SPEED: [Compression; 5] = [
        Compression::Lz4,
        Compression::Zstd,
        Compression::Gzip,
        Compression::Xz,
        Compression::None,
    ];
    let known = |kind: &Compression| config.is_none_or(|config| config.has(option(*kind)));
    let tried = asked.as_ref().map_or(&BY_SPEED[..], std::slice::from_ref);
    let found = tried.iter().copied().find(known);
    match (found, config) {
        (Some(kind), _) => Ok(kind),
        (None, None) => Ok(Compression::None),
        (None, Some(config)) => {
            let kind = asked.unwrap_or(Compression::None);
            Err(Error::KernelLacks {
                version: version.to_owned(),
                kind,
                option: option(kind),
                config: config.path.clone(),
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Compression::{Gzip, Lz4, None as Plain, Xz, Zstd};
    use std::fs;

    #[test]
    fn what_the_kernel_cannot_unpack_is_not_made() {
        let initrd = "CONFIG_BLK_DEV_INITRD=y\n";
        for (text, asked, want) in [
            (None, None, Some(Lz4)),
            (None, Some(Xz), Some(Xz)),
            (Some("CONFIG_RD_LZ4=y\nCONFIG_RD_XZ=y\n"), None, Some(Lz4)),
            (
                Some("# CONFIG_RD_LZ4 is not set\nCONFIG_RD_ZSTD=y\n"),
                None,
                Some(Zstd),
            ),
            (Some("CONFIG_RD_GZIP=y\n"), Some(Gzip), Some(Gzip)),
            (
                Some("CONFIG_RD_GZIP=y\nCONFIG_RD_XZ_NOT=y\n"),
                Some(Xz),
                None,
            ),
            (Some(initrd), None, Some(Plain)),
            (Some(initrd), Some(Zstd), None),
            (Some(""), None, None),
        ] {
            let config = text.map(|text| Config {
                path: "/boot/config-6.1".into(),
                text: text.into(),
            });
            let got = compression(config.as_ref(), "6.1", asked);
            assert_eq!(
                got.as_ref().ok(),
                want.as_ref(),
                "{text:?} {asked:?} {got:?}"
            );
        }
    }

    #[test]
    fn the_configuration_lies_in_boot_or_with_the_modules() {
        let root = tempfile::tempdir().unwrap();
        let modules = root.path().join("lib/modules/6.1");
        fs::create_dir_all(&modules).unwrap();
        let find = || Config::find(root.path(), "6.1", &modules).unwrap();
        assert!(find().is_none());
        fs::write(modules.join("config"), "CONFIG_RD_XZ=y\n").unwrap();
        assert!(find().unwrap().has("CONFIG_RD_XZ"));
        fs::create_dir(root.path().join("boot")).unwrap();
        fs::write(root.path().join("boot/config-6.1"), "CONFIG_RD_LZ4=y\n").unwrap();
        assert!(find().unwrap().has("CONFIG_RD_LZ4"));
    }
}
