//! Running from RAM: what of the data directory is copied there, and whether it fits.

use std::collections::BTreeSet;

use crate::request::ToRam;
use crate::units::Bytes;

/// What is copied beside the bundles in use where only the needed is copied: what the live system reads
/// from the data directory (contract §1.2).
const CONFIGURATION: [&str; 4] = ["config.conf", "config.conf.d", "hooks", "rootcopy"];
/// The directory of sessions, which stays on the medium.
const SESSIONS: &str = "changes";
/// Memory that is left to the system: less, and it would be killed while starting.
const RESERVE: Bytes = Bytes(256 << 20);

/// Decides what is copied.
#[derive(Debug, Clone)]
pub struct Selection {
    how: ToRam,
    bundles: BTreeSet<String>,
}

impl Selection {
    /// The selection for a boot that uses these bundles, by their paths in the data directory.
    pub fn new(how: ToRam, bundles: impl IntoIterator<Item = String>) -> Self {
        Self {
            how,
            bundles: bundles.into_iter().collect(),
        }
    }

    /// Whether the file at `path`, relative to the data directory, is copied.
    pub fn takes(&self, path: &str) -> bool {
        let top = path.split('/').next().unwrap_or(path);
        if top == SESSIONS {
            return false;
        }
        match self.how {
            ToRam::Full => true,
            ToRam::Trim => {
                CONFIGURATION.contains(&top)
                    || top.starts_with("authorized_keys")
                    || self.bundles.contains(path)
            }
        }
    }

    /// Whether anything below the directory at `path` may be copied.
    pub fn enters(&self, path: &str) -> bool {
        let below = |bundle: &String| {
            bundle
                .strip_prefix(path)
                .is_some_and(|rest| rest.starts_with('/'))
        };
        self.takes(path) || (self.how == ToRam::Trim && self.bundles.iter().any(below))
    }
}

/// Too little memory for a copy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the copy needs {need} and the running system {RESERVE}, but only {available} of memory are free"
)]
pub struct TooLarge {
    /// What is to be copied.
    pub need: Bytes,
    /// Memory that can be had.
    pub available: Bytes,
}

/// Whether a copy of that size leaves enough memory to the system.
pub fn fits(need: Bytes, available: Bytes) -> Result<(), TooLarge> {
    match need.0.checked_add(RESERVE.0) {
        Some(sum) if sum <= available.0 => Ok(()),
        _ => Err(TooLarge { need, available }),
    }
}

/// The memory that can be had without swapping, from `/proc/meminfo`: `MemAvailable`, proc_meminfo(5).
/// `None` where the text does not tell.
pub fn available(meminfo: &str) -> Option<Bytes> {
    let line = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(Bytes(kib.checked_mul(1024)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_stay_on_the_medium_and_trim_takes_what_is_used() {
        let used = ["00-core.sb".to_owned(), "modules/web/10-fox.sb".to_owned()];
        let full = Selection::new(ToRam::Full, used.clone());
        let trim = Selection::new(ToRam::Trim, used);
        for (path, in_full, in_trim) in [
            ("00-core.sb", true, true),
            ("03-gui.sb", true, false),
            ("modules/web/10-fox.sb", true, true),
            ("modules/11-other.sb", true, false),
            ("boot/vmlinuz", true, false),
            ("config.conf", true, true),
            ("config.conf.d/50-mine.conf", true, true),
            ("authorized_keys.root", true, true),
            ("rootcopy/etc/motd", true, true),
            ("changes/1/changes/etc/motd", false, false),
            ("changes", false, false),
        ] {
            assert_eq!(
                (full.takes(path), trim.takes(path)),
                (in_full, in_trim),
                "{path}"
            );
        }
        for (path, in_full, in_trim) in [
            ("modules", true, true),
            ("modules/web", true, true),
            ("modules/we", true, false),
            ("boot", true, false),
            ("changes", false, false),
        ] {
            assert_eq!(
                (full.enters(path), trim.enters(path)),
                (in_full, in_trim),
                "{path}"
            );
        }
    }

    #[test]
    fn a_copy_leaves_memory_to_the_system() {
        let mib = |n: u64| Bytes(n << 20);
        for (need, free, want) in [
            (100, 512, true),
            (256, 512, true),
            (257, 512, false),
            (0, 100, false),
        ] {
            assert_eq!(fits(mib(need), mib(free)).is_ok(), want, "{need} of {free}");
        }
        assert!(fits(Bytes(u64::MAX), Bytes(u64::MAX)).is_err());
    }

    #[test]
    fn memory_is_read_as_the_kernel_writes_it() {
        let text = "MemTotal:       16 kB\nMemFree: 4 kB\nMemAvailable:     2048 kB\n";
        assert_eq!(available(text), Some(Bytes(2 << 20)));
        assert_eq!(available("MemFree: 4 kB\n"), None);
    }
}
