//! The system that runs: what it is, and what perch recorded when it booted.

use std::fs;

use perch_core::record::{self, Recorded};
use perch_core::session::{System, UnionKind};
use perch_sys::layout::Layout;
use perch_sys::mountinfo::{self, Mount};

/// Where a system says what it is (contract §1.1).
const RELEASE: &str = "/etc/minios-release";

/// The system that runs.
#[derive(Debug)]
pub struct Live {
    /// Where a boot leaves what.
    pub layout: Layout,
    /// What perch recorded of its boot; absent if another program booted, or in a container.
    pub recorded: Option<Recorded>,
    /// Version and edition, as far as it says.
    pub system: System,
    /// The union that its root is; absent where it is none.
    pub union: Option<UnionKind>,
    /// All mounts.
    pub mounts: Vec<Mount>,
}

impl Live {
    /// Looks at the running system. What cannot be learnt is absent.
    pub fn look() -> Self {
        let layout = Layout::of_boot();
        let recorded = fs::read_to_string(layout.record()).ok();
        let recorded = recorded.and_then(|text| record::read(&text).ok());
        let mounts = mountinfo::read().unwrap_or_default();
        let root = mountinfo::at(&mounts, "/".as_ref());
        let union = root.and_then(|root| match root.fs_type.as_str() {
            "overlay" => Some(UnionKind::Overlayfs),
            "aufs" => Some(UnionKind::Aufs),
            _ => None,
        });
        let release = || {
            let text = fs::read_to_string(RELEASE).unwrap_or_default();
            System::parse(&text)
        };
        let system = recorded
            .as_ref()
            .map(|recorded| recorded.facts.system.clone());
        Self {
            system: system.unwrap_or_else(release),
            layout,
            recorded,
            union,
            mounts,
        }
    }

    /// Whether something is mounted where changes of a live system go.
    pub fn keeps_changes(&self) -> bool {
        mountinfo::at(&self.mounts, &self.layout.changes()).is_some()
    }
}
