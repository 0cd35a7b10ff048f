//! What ends a boot before there is a system: the screens that say so.

/// Why a boot stops, told apart by code. What was found stands beside it on the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// No device has the data directory.
    MediumNotFound,
    /// The medium was found, but cannot be used.
    MediumUnusable {
        /// Its name below `/dev/`.
        device: String,
    },
    /// The medium, or its copy in RAM, cannot be attached.
    MediumNotMounted,
    /// The medium could be read, and then not any more.
    MediumGone,
    /// A bundle that the system needs is damaged.
    BundleDamaged,
    /// A bundle that the system needs cannot be mounted, though the file is in order.
    BundleUnusable,
    /// Not even a system in RAM could be made.
    NotPutTogether,
    /// The bundles hold no init.
    NoSystem,
    /// The real init could not be started.
    NotStarted,
    /// A programming error.
    Internal,
}

impl Stop {
    /// A stable word for programs and for searching.
    pub fn code(&self) -> &'static str {
        match self {
            Self::MediumNotFound => "medium-not-found",
            Self::MediumUnusable { .. } => "medium-unusable",
            Self::MediumNotMounted => "medium-not-mounted",
            Self::MediumGone => "medium-gone",
            Self::BundleDamaged => "core-bundle-damaged",
            Self::BundleUnusable => "core-bundle-unusable",
            Self::NotPutTogether => "system-not-put-together",
            Self::NoSystem => "no-system",
            Self::NotStarted => "system-not-started",
            Self::Internal => "internal-error",
        }
    }

    /// The screen's first line: what is wrong.
    pub fn title(&self) -> String {
        match self {
            Self::MediumNotFound => "the medium with the system was not found".to_owned(),
            Self::MediumUnusable { device } => {
                format!("the medium /dev/{device} cannot be used")
            }
            Self::MediumNotMounted => "the medium cannot be mounted".to_owned(),
            Self::MediumGone => "the medium can no longer be read".to_owned(),
            Self::BundleDamaged => "a bundle that the system needs is damaged".to_owned(),
            Self::BundleUnusable => "a bundle that the system needs cannot be used".to_owned(),
            Self::NotPutTogether => "the system cannot be put together".to_owned(),
            Self::NoSystem => "the bundles hold no system that can be started".to_owned(),
            Self::NotStarted => "the system cannot be started".to_owned(),
            Self::Internal => "an error in perch itself".to_owned(),
        }
    }

    /// What the user can do, a line each, the most promising first.
    pub fn advice(&self) -> &'static [&'static str] {
        const COPY: &str = "copy it to the medium again; your sessions are not touched";
        match self {
            Self::MediumNotFound => &[
                "plug the stick into another port, or wait: a device that appears is looked at",
                "name the device at boot: from=/dev/sdb1, from=label:MY_STICK",
                "name the directory at boot: from=/directory",
            ],
            Self::MediumUnusable { .. } => &["check its file system from another system (fsck)"],
            Self::MediumNotMounted => &["boot with debug and report what the console shows"],
            Self::MediumGone => &["plug the stick into another port and start again"],
            Self::BundleDamaged => &[COPY],
            Self::BundleUnusable => &[
                "check that the initramfs was made for this kernel and has its squashfs and loop modules",
                COPY,
            ],
            Self::NotPutTogether => {
                &["check that the initramfs was made for this kernel and has its overlay module"]
            }
            Self::NoSystem => &["check that all bundles of the system are on the medium"],
            Self::NotStarted => &["name another program at boot: init=/bin/sh"],
            Self::Internal => &[
                "boot without perch parameters, or with perchdir=fresh",
                "report the line above",
            ],
        }
    }
}
