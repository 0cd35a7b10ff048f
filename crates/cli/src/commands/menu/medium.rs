//! The medium: where it is mounted, and what of a live system and its loaders lies on it.

use std::fs;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use perch_core::facts::Facts;
use perch_core::record;
use perch_core::request::Place;
use perch_medium::menu::{Loader, SyslinuxUi};
use perch_sys::dir::{open_dir, open_in_root};
use perch_sys::layout::{Layout, STORE};
use rustix::fs::OFlags;

use super::MenuFailure;

/// What a boot leaves in [`Layout::records`].
const RECORD: &str = "boot.json";
/// The live system's directory where nothing says otherwise.
const LIVE_NAME: &str = "minios";

/// A mounted medium.
#[derive(Debug)]
pub(super) struct Medium {
    /// Where it is mounted.
    pub(super) root: PathBuf,
    /// The same, open.
    pub(super) dir: OwnedFd,
    /// The live system's directory on it.
    pub(super) live: String,
    /// The directory with the sessions.
    pub(super) store: PathBuf,
    /// Whether a boot without further parameters looks for its sessions there.
    pub(super) is_usual_store: bool,
}

impl Medium {
    /// The medium at `given`, or the one that this system runs from.
    pub(super) fn find(given: Option<&Path>, live: Option<&str>) -> Result<Self, MenuFailure> {
        match given {
            Some(root) => {
                let live = live.unwrap_or(LIVE_NAME).trim_matches('/').to_owned();
                let store = root.join(&live).join(STORE);
                Self::open(root.to_owned(), live, store, true)
            }
            None => Self::of_this_system(&Layout::of_boot(), live),
        }
    }

    fn of_this_system(layout: &Layout, live: Option<&str>) -> Result<Self, MenuFailure> {
        let path = layout.records().join(RECORD);
        let text = fs::read_to_string(&path).map_err(|source| MenuFailure::NoRecord { source })?;
        let facts = record::read(&text)
            .map_err(|source| MenuFailure::BadRecord { path, source })?
            .facts;
        if let Some(image) = facts.medium.image {
            return Err(MenuFailure::InImage { image });
        }
        let root = root(layout, &facts);
        let store = store(layout, &root, &facts);
        let live = live.map_or_else(|| facts.medium.dir.clone(), str::to_owned);
        Self::open(root, live, store, facts.store.place == Place::Medium)
    }

    fn open(
        root: PathBuf,
        live: String,
        store: PathBuf,
        is_usual_store: bool,
    ) -> Result<Self, MenuFailure> {
        let dir = open_dir(&root).map_err(|source| MenuFailure::Medium {
            path: root.clone(),
            source,
        })?;
        Ok(Self {
            root,
            dir,
            live,
            store,
            is_usual_store,
        })
    }

    /// Whether there is such a file or directory; its path is that on the medium, links and all.
    fn has(&self, path: &str) -> bool {
        let path = path.trim_start_matches('/');
        open_in_root(&self.dir, path, OFlags::PATH).is_ok()
    }

    /// Refuses a file that is not on the medium.
    pub(super) fn require(&self, path: &str, option: &'static str) -> Result<(), MenuFailure> {
        match self.has(path) {
            true => Ok(()),
            false => Err(MenuFailure::NoFile {
                medium: self.root.clone(),
                path: path.to_owned(),
                option,
            }),
        }
    }

    /// The directory of a loader on the medium, if it has one: the places that the loaders look at themselves come
    /// first (SYSLINUX, doc/syslinux.txt and doc/isolinux.txt).
    pub(super) fn loader_dir(&self, loader: Loader) -> Option<String> {
        let names: &[&str] = match loader {
            Loader::Grub => &["boot/grub", "boot/grub2"],
            Loader::Syslinux => &[
                "boot/syslinux",
                "syslinux",
                "boot/isolinux",
                "isolinux",
                "boot/extlinux",
            ],
        };
        let of_live = |name: &&str| format!("{}/{name}", self.live);
        let names = names
            .iter()
            .map(|name| (*name).to_owned())
            .chain(names.iter().map(of_live));
        names.into_iter().find(|name| self.has(name))
    }

    /// The best that the programs in SYSLINUX's directory can do.
    pub(super) fn syslinux_ui(&self, dir: &str) -> SyslinuxUi {
        let has = |name: &str| self.has(&format!("{dir}/{name}"));
        match (has("vesamenu.c32"), has("menu.c32")) {
            (true, _) => SyslinuxUi::Graphical,
            (false, true) => SyslinuxUi::Text,
            (false, false) => SyslinuxUi::Prompt,
        }
    }
}

/// Where the medium of this system is mounted.
fn root(layout: &Layout, facts: &Facts) -> PathBuf {
    match facts.medium.in_ram {
        true => layout.medium(),
        false => layout.data(),
    }
}

/// Where its sessions are.
fn store(layout: &Layout, root: &Path, facts: &Facts) -> PathBuf {
    match (&facts.store.device, &facts.store.dir) {
        (None, None) => root.join(&facts.medium.dir).join(STORE),
        (None, Some(dir)) => root.join(dir),
        (Some(_), dir) => layout.store().join(dir.as_deref().unwrap_or_default()),
    }
}
