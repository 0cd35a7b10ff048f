//! The fastest `/init` there can be for the test system: the yardstick of `cargo xtask bench boot`.
//!
//! It knows everything in advance (which modules in which order, which device, which bundles) and only makes the
//! calls that nobody can leave out. It searches nothing, checks nothing and records nothing; it is of no other use.
//!
//! In its initramfs lie `/0.ko`, `/1.ko`, … in the order of loading and `/bundles`, a line for each bundle of the first
//! partition, the lowest first. With `FLOOR_SESSION=directory` on the kernel command line (the kernel puts such words
//! into our environment) the changes are kept in that directory of the partition, else in memory.

use std::convert::Infallible;
use std::ffi::CString;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use perch_sys::loopdev::{self, Config};
use perch_sys::mount::{self, Api, Options};
use rustix::mount::MountFlags;

const DEVICE: &str = "/dev/vda1";
const MEDIUM: &str = "/run/medium";
const LAYERS: &str = "/run/layers";
const MEMORY: &str = "/run/changes";
const UNION: &str = "/union";

const API: [Api; 4] = [Api::Dev, Api::Proc, Api::Sys, Api::Run];

fn main() {
    let Err(error) = boot();
    // Process 1 must not end; that it does here makes the machine, and the measurement, end too.
    let _ = fs::write("/dev/kmsg", format!("<0>floor-init: {error:#}\n"));
}

fn boot() -> Result<Infallible> {
    for kind in API {
        mount::mount_api(kind, kind.usual_target())?;
    }
    load_modules()?;

    fs::create_dir(MEDIUM)?;
    let medium = mount::mount_device("ext4", DEVICE, &Options::default())?;
    mount::attach_path(&medium, MEDIUM)?;

    let lower = mount_bundles()?;
    let changes = match std::env::var("FLOOR_SESSION") {
        Ok(session) => format!("{MEDIUM}/{session}"),
        Err(_) => {
            fs::create_dir(MEMORY)?;
            let memory = mount::tmpfs("changes", None, 0o755, &Options::default())?;
            mount::attach_path(&memory, MEMORY)?;
            MEMORY.to_owned()
        }
    };
    let (upper, work) = (format!("{changes}/upper"), format!("{changes}/work"));
    for dir in [&upper, &work] {
        fs::create_dir_all(dir)?;
    }
    let options = CString::new(format!("lowerdir={lower},upperdir={upper},workdir={work}"))?;
    rustix::mount::mount("overlay", UNION, "overlay", MountFlags::empty(), &*options)
        .context("cannot mount the union")?;
    start()
}

fn load_modules() -> Result<()> {
    for number in 0.. {
        let path = format!("/{number}.ko");
        let file = match File::open(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => break,
            file => file?,
        };
        rustix::system::finit_module(&file, c"", 0)
            .with_context(|| format!("cannot load {path}"))?;
    }
    Ok(())
}

/// Mounts every bundle; returns them the way overlayfs wants its layers, the highest first.
fn mount_bundles() -> Result<String> {
    let mut lower = Vec::new();
    for (number, bundle) in fs::read_to_string("/bundles")?.lines().enumerate() {
        let image = File::open(format!("{MEDIUM}/{bundle}"))?;
        let device = loopdev::attach(&image, bundle, &Config::default())?;
        let read_only = Options {
            read_only: true,
            ..Options::default()
        };
        let layer = mount::mount_device("squashfs", &device.path, &read_only)?;
        let path = format!("{LAYERS}/{number}");
        fs::create_dir_all(&path)?;
        mount::attach_path(&layer, &path)?;
        lower.push(path);
    }
    lower.reverse();
    Ok(lower.join(":"))
}

/// Makes the union the root and starts its init. The few files of the initramfs stay in memory.
fn start() -> Result<Infallible> {
    for kind in API {
        let from = kind.usual_target();
        let below = from.strip_prefix("/").unwrap_or(from);
        mount::move_mount_path(from, Path::new(UNION).join(below))?;
    }
    rustix::process::chdir(UNION)?;
    mount::move_mount_path(".", "/")?;
    rustix::process::chroot(".")?;
    Err(Command::new("/sbin/init").exec()).context("cannot start /sbin/init")
}
