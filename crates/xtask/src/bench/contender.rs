//! Who is measured: an initramfs, what it wants on the kernel command line, and whether it finds an earlier session.

use std::path::PathBuf;

use anyhow::Result;
use perch_tests::host::cache_dir;
use perch_tests::initramfs::Kind;
use perch_tests::scenario::{Boot, Images};

use super::{floor, live_boot};

/// One row of the benchmark.
pub struct Contender {
    /// Its name, the program before the first blank.
    pub name: &'static str,
    /// Builds its initramfs, or finds it in the cache.
    pub initramfs: fn(&Images) -> Result<PathBuf>,
    /// What it wants on the kernel command line.
    pub cmdline: &'static str,
    /// Whether it finds again what an earlier boot left. Otherwise the start of a system that keeps nothing is measured.
    pub resumes: bool,
}

/// All of them, in the order of the table.
pub const ALL: &[Contender] = &[
    Contender {
        name: "floor fresh",
        initramfs: floor::initramfs,
        cmdline: "",
        resumes: false,
    },
    Contender {
        name: "floor resume",
        initramfs: floor::initramfs,
        cmdline: "FLOOR_SESSION=floor",
        resumes: true,
    },
    Contender {
        name: "perch fresh",
        initramfs: perch,
        cmdline: "",
        resumes: false,
    },
    Contender {
        name: "perch resume",
        initramfs: perch,
        cmdline: "perch",
        resumes: true,
    },
    Contender {
        name: "perch-in-initramfs-tools fresh",
        initramfs: in_initramfs_tools,
        cmdline: "boot=perch",
        resumes: false,
    },
    Contender {
        name: "perch-in-initramfs-tools resume",
        initramfs: in_initramfs_tools,
        cmdline: "boot=perch perch",
        resumes: true,
    },
    Contender {
        name: "perch-in-dracut fresh",
        initramfs: in_dracut,
        cmdline: "boot=perch",
        resumes: false,
    },
    Contender {
        name: "perch-in-dracut resume",
        initramfs: in_dracut,
        cmdline: "boot=perch perch",
        resumes: true,
    },
    Contender {
        name: "live-boot fresh",
        initramfs: live_boot::initramfs,
        cmdline: "boot=live",
        resumes: false,
    },
    Contender {
        name: "live-boot resume",
        initramfs: live_boot::initramfs,
        cmdline: "boot=live persistence",
        resumes: true,
    },
];

fn perch(images: &Images) -> Result<PathBuf> {
    Ok(images.initramfs.clone())
}

fn in_initramfs_tools(images: &Images) -> Result<PathBuf> {
    within(images, Kind::InitramfsTools)
}

fn in_dracut(images: &Images) -> Result<PathBuf> {
    within(images, Kind::Dracut)
}

/// perch in the image of a host. The one that is there is replaced by the present one, which makes the image 2 MiB larger
/// than it would be.
fn within(images: &Images, kind: Kind) -> Result<PathBuf> {
    let image = cache_dir().join(format!("bench/{}.img", kind.word()));
    images.initramfs_for(kind, &Boot::with(""), &image)?;
    Ok(image)
}
