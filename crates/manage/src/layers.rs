//! The bundles that a session lies over, open to be looked into: those of the running system, or any others.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use perch_core::bundle::{Bundle, stack};
use perch_core::decide::fit::misfits;
use perch_core::session::Session;
use perch_sys::bundles;
use perch_sys::dir::{self, Kind};
use perch_sys::in_use::running::runs_from;

use crate::error::Error;
use crate::live::Live;
use crate::store::Store;

/// The ending of bundles' names.
const EXTENSION: &str = "sb";

/// One bundle.
#[derive(Debug)]
pub struct Layer {
    /// Its file name.
    pub name: String,
    /// Its root.
    pub root: OwnedFd,
}

/// Bundles in the order of the union.
#[derive(Debug, Default)]
pub struct Layers {
    /// The highest first.
    pub layers: Vec<Layer>,
    /// What is not among them, and why.
    pub left_out: Vec<String>,
}

/// Why a session is not compared with what lies below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotCompared {
    /// No bundle is mounted: this is no live system.
    NoBundles,
    /// Another system wrote the session.
    OtherSystem(Vec<String>),
}

impl std::fmt::Display for NotCompared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoBundles => f.write_str("this system has no bundles mounted"),
            Self::OtherSystem(ways) => write!(
                f,
                "the bundles of this system are not those of the session: {}",
                ways.join("; ")
            ),
        }
    }
}

impl Layers {
    /// The bundles of the running system, if a session was written by one like it.
    ///
    /// # Errors
    /// If they are there and cannot be opened.
    pub fn of_system(
        store: &Store,
        live: &Live,
        session: &Session,
    ) -> Result<Result<Self, NotCompared>, Error> {
        // What runs lies over what is mounted, whatever else is recorded.
        let runs = store
            .session(session.id)
            .is_ok_and(|dir| runs_from(dir, &live.layout));
        let ways = misfits(session, &live.system, live.union);
        if !runs && !ways.is_empty() {
            let ways = ways.iter().map(ToString::to_string).collect();
            return Ok(Err(NotCompared::OtherSystem(ways)));
        }
        let mounted = live.layout.bundles();
        let Ok(place) = dir::open_dir(&mounted) else {
            return Ok(Err(NotCompared::NoBundles));
        };
        let names = dir::list(&place).map_err(|source| Error::Bundles {
            path: mounted.clone(),
            source,
        })?;
        let names = names
            .into_iter()
            .filter(|entry| entry.kind == Kind::Directory)
            .filter_map(|entry| entry.name.into_string().ok());
        let bundles = stack(names.map(named).collect());
        let mut layers = Vec::new();
        for bundle in bundles.layers.into_iter().rev() {
            let root = dir::open_dir(mounted.join(&bundle.path));
            let root = root.map_err(|source| Error::Bundles {
                path: mounted.join(&bundle.path),
                source,
            })?;
            layers.push(Layer {
                name: bundle.path,
                root,
            });
        }
        Ok(match layers.is_empty() {
            true => Err(NotCompared::NoBundles),
            false => Ok(Self {
                layers,
                left_out: Vec::new(),
            }),
        })
    }

    /// The bundles in a directory, mounted where no path leads, in the order that a boot has them in. Damaged ones are
    /// left out, as a boot does.
    ///
    /// # Errors
    /// If the directory cannot be read, holds none, or one cannot be mounted.
    pub fn of_directory(path: &Path) -> Result<Self, Error> {
        let failed = |source| Error::Bundles {
            path: path.to_owned(),
            source,
        };
        let base = dir::open_dir(path).map_err(failed)?;
        let found = bundles::find(base.as_fd(), EXTENSION).map_err(failed)?;
        let (damaged, whole): (Vec<Bundle>, Vec<Bundle>) =
            found.into_iter().partition(|it| it.damage.is_some());
        let stacked = stack(whole);
        let damaged = damaged.into_iter().map(|bundle| {
            let damage = bundle.damage.unwrap_or_default();
            format!("{} {damage}", bundle.path)
        });
        let replaced = stacked.replaced.into_iter();
        let replaced = replaced.map(|(bundle, by)| format!("{} is replaced by {by}", bundle.path));
        let mut layers = Vec::new();
        for bundle in stacked.layers.into_iter().rev() {
            let root = mount(base.as_fd(), &bundle)?;
            layers.push(Layer {
                name: bundle.path,
                root,
            });
        }
        match layers.is_empty() {
            true => Err(Error::NoBundles {
                path: path.to_owned(),
            }),
            false => Ok(Self {
                layers,
                left_out: damaged.chain(replaced).collect(),
            }),
        }
    }

    /// Their names, the highest first.
    pub fn names(&self) -> Vec<&str> {
        self.layers.iter().map(|it| it.name.as_str()).collect()
    }
}

fn mount(base: BorrowedFd<'_>, bundle: &Bundle) -> Result<OwnedFd, Error> {
    if !rustix::process::geteuid().is_root() {
        return Err(Error::NeedsRootTo("mounting bundles"));
    }
    let failed = |source| Error::Bundle {
        name: bundle.path.clone(),
        source: Box::new(source),
    };
    let mount = bundles::mount(base, bundle).map_err(failed)?;
    // Readable: the descriptor of a mount is not.
    dir::open_dir_beneath(&mount, ".").map_err(|source| Error::Bundles {
        path: bundle.path.clone().into(),
        source,
    })
}

/// A bundle that is mounted, of which no more is of interest.
fn named(name: String) -> Bundle {
    Bundle {
        path: name,
        external: false,
        size: perch_core::units::Bytes(0),
        damage: None,
    }
}
