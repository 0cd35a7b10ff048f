//! A directory of short symbolic links to the layers.
//!
//! mount(2) takes no more than a page of options: about a hundred layers by their paths, but all
//! five hundred as `0:1:2` from within this directory. It also keeps characters out of the
//! options that have a meaning there, for aufs too.

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Mode, mkdirat, symlinkat, unlinkat};
use rustix::io::Errno;

use super::{Lower, OverlayError};

/// The link to the upper directory.
pub(super) const UPPER: &str = "u";
/// The link to the work directory.
pub(super) const WORK: &str = "w";

/// The finished directory.
pub(crate) struct Farm {
    /// Open on it.
    pub(crate) dir: OwnedFd,
    /// The links' names in the order of the layers.
    pub(crate) lowers: Vec<String>,
}

/// Makes `path` if it is missing, and the links in it; links of the same names are replaced.
pub(crate) fn plant(
    path: &Path,
    lowers: &[Lower<'_>],
    upper: Option<(&Path, &Path)>,
) -> Result<Farm, OverlayError> {
    let failed = |path: PathBuf, source| OverlayError::Farm { path, source };
    match mkdirat(CWD, path, Mode::from_raw_mode(0o755)) {
        Ok(()) | Err(Errno::EXIST) => {}
        Err(source) => return Err(failed(path.into(), source)),
    }
    let dir = crate::dir::open_dir(path)
        .map_err(|error| failed(path.into(), error.errno().unwrap_or(Errno::IO)))?;
    let link = |name: &str, to: &Path| {
        let outcome = match unlinkat(&dir, name, AtFlags::empty()) {
            // A relative path would be looked up from the farm.
            Ok(()) | Err(Errno::NOENT) => {
                let to = std::path::absolute(to).unwrap_or_else(|_| to.into());
                symlinkat(to, &dir, name)
            }
            Err(source) => Err(source),
        };
        outcome.map_err(|source| failed(path.join(name), source))
    };
    let mut names = Vec::with_capacity(lowers.len());
    for (n, lower) in lowers.iter().enumerate() {
        let name = n.to_string();
        link(&name, lower.path)?;
        names.push(name);
    }
    if let Some((upper, work)) = upper {
        link(UPPER, upper)?;
        link(WORK, work)?;
    }
    Ok(Farm { dir, lowers: names })
}
