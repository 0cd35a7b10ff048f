//! `cargo xtask demo`: a real Debian live system on a disk image, booted three times under QEMU, keeps a file.
//!
//! Builds the system from the host's own apt sources, puts it on a disk with GRUB and the initial file system of this
//! workspace, drives three boots through the serial console and checks what must be true in each. Needs no root and no
//! network after the first run. It measures nothing that others should compare with: for that there is the benchmark.

mod boots;
mod console;
mod disk;
mod interactive;
mod medium;
mod plain;
mod progress;
mod record;
mod settings;
mod shutdowns;
mod system;

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use lexopt::Arg::Long;
use lexopt::ValueExt as _;
use perch_tests::host::kernel::{self, Kernel};
use perch_tests::host::{Key, cache_dir, cached, packages, static_program};

use boots::Boot;
use medium::Parts;
use progress::Progress;
use system::Release;

const HELP: &str = "\
cargo xtask demo [--interactive] [--shutdowns N [--only WORDS]] [--release NAME]
                 [--clean] [--initramfs FILE]

Builds a Debian live system on a disk image, boots it three times in an emulator
(new session, resume, fresh start), and checks that a file and a package installed
in the first boot are there in the second and not in the third.
The first run fetches Debian packages through apt; later runs need no network.

  --interactive     boot the disk on this terminal instead; it keeps what you do
  --shutdowns N     switch the system off and restart it under load instead, N times for each
                    mode of session on ext4, vfat and exfat, and check that nothing is left
                    to replay or to repair
  --only WORDS      with --shutdowns: only where `MODE on MEDIUM` contains these words
  --release NAME    this Debian release in place of bookworm, by its code name
  --clean           first forget what earlier runs have made
  --initramfs FILE  use this initial file system instead of building one
  -h, --help        this text

Everything is kept below target/perch; the consoles are logged in target/perch/demo.
";

/// The Debian packages whose programs are used on the host.
const PACKAGES: &[&str] = &[
    "mmdebstrap",
    "squashfs-tools",
    "dosfstools",
    "e2fsprogs",
    "fdisk",
    "grub-common",
    "grub-efi-amd64-bin",
    "grub-pc-bin",
    "mtools",
    "qemu-system-x86",
];

#[derive(Default)]
struct Options {
    interactive: bool,
    shutdowns: Option<usize>,
    only: String,
    release: Release,
    clean: bool,
    initramfs: Option<PathBuf>,
    help: bool,
}

fn parse(mut args: lexopt::Parser) -> Result<Options> {
    let mut options = Options::default();
    while let Some(arg) = args.next()? {
        match arg {
            Long("interactive") => options.interactive = true,
            Long("shutdowns") => options.shutdowns = Some(args.value()?.parse()?),
            Long("only") => options.only = args.value()?.string()?,
            Long("release") => options.release = args.value()?.parse()?,
            Long("clean") => options.clean = true,
            Long("initramfs") => options.initramfs = Some(args.value()?.into()),
            Long("help") | lexopt::Arg::Short('h') => options.help = true,
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(options)
}

/// Runs the command with its own arguments.
pub fn run(args: lexopt::Parser) -> Result<()> {
    let options = parse(args)?;
    if options.help {
        print!("{HELP}");
        return Ok(());
    }
    // Files in bundles and on the medium have the modes a distribution gives them, whatever the user's umask.
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o022));
    packages::ensure(PACKAGES)?;
    if !rustix::process::geteuid().is_root() {
        packages::ensure(&["uidmap"])?; // mmdebstrap then works in a user namespace with many users
    }
    let home = cache_dir().join("demo");
    if options.clean && home.exists() {
        fs::remove_dir_all(&home).with_context(|| format!("cannot remove {}", home.display()))?;
    }
    fs::create_dir_all(&home).with_context(|| format!("cannot create {}", home.display()))?;
    let progress = Progress::start();

    if options.interactive {
        let disk = home.join("interactive.img");
        if !disk.exists() {
            build(&options, &disk, &home, &progress)?;
        }
        return interactive::run(&disk);
    }
    if let Some(count) = options.shutdowns {
        packages::ensure(&shutdowns::packages().collect::<Vec<_>>())?;
        let (parts, _) = pieces(&options, &progress)?;
        return shutdowns::run_all(&parts, &home, count, &options.only, &progress);
    }
    let disk = home.join("disk.img");
    let initramfs = build(&options, &disk, &home, &progress)?;
    let boots = boots::run(&disk, &home, &progress)?;
    progress.say("checking the data partition");
    let verdict = disk::check(&disk)?;
    summarise(&boots, &verdict, &initramfs, &progress)
}

/// Makes the disk `image` from scratch; returns the initial file system it holds.
fn build(options: &Options, image: &Path, home: &Path, progress: &Progress) -> Result<Initramfs> {
    let (parts, program) = pieces(options, progress)?;
    progress.say("bundles, partitions, boot loader");
    let scratch = tempfile::tempdir_in(home).context("cannot create a scratch directory")?;
    // Never half a disk under the name that `--interactive` trusts.
    let partial = image.with_extension("partial");
    medium::build(&parts, &partial, scratch.path())?;
    fs::rename(&partial, image).with_context(|| format!("cannot rename {}", partial.display()))?;
    Ok(Initramfs {
        image: parts.initrd,
        program,
    })
}

/// What every disk is made of: Debian, in the cache afterwards, its kernel and the initial file system; and perch-init.
fn pieces(options: &Options, progress: &Progress) -> Result<(Parts, Option<PathBuf>)> {
    progress.say("kernel: Debian's, from the cache or through apt");
    let kernel = kernel::debian()?;
    progress.say(&format!(
        "Debian {}: from the cache, or about a minute through mmdebstrap",
        options.release
    ));
    let core = system::core(&options.release)?;
    progress.say(&format!("initial file system for {}", kernel.version));
    let made = match &options.initramfs {
        Some(file) => Initramfs {
            image: file.clone(),
            program: None,
        },
        None => initramfs(&kernel)?,
    };
    progress.say("perch, for the running system");
    let parts = Parts {
        kernel,
        initrd: made.image,
        core,
        perch: static_program("perch-cli", "perch")?,
    };
    Ok((parts, made.program))
}

/// What the boots start from.
struct Initramfs {
    image: PathBuf,
    /// perch-init in it; unknown in a ready image.
    program: Option<PathBuf>,
}

/// Builds perch-init and the initial file system for `kernel`; the second from the cache if neither perch nor this
/// program has changed, since compressing it takes longer than a boot.
fn initramfs(kernel: &Kernel) -> Result<Initramfs> {
    const NAME: &str = "initrd.img";
    let program = perch_tests::host::perch_init()?;
    let builder = std::env::current_exe().context("cannot tell which program this is")?;
    let key = Key::new("demo initramfs 1")
        .with_file(&kernel.vmlinuz)?
        .with_file(&program)?
        .with_file(&builder)?;
    let dir = cached("demo/initramfs", &key, |dir| {
        let image = dir.join(NAME);
        let words: [(&str, &OsStr); 8] = [
            ("--kernel-version", kernel.version.as_ref()),
            ("--root", kernel.root.as_ref()),
            ("--programs-root", "/".as_ref()),
            ("--init", program.as_ref()),
            ("--output", image.as_ref()),
            ("--system-name", "perch demo".as_ref()),
            ("--system-version", "5.1.1".as_ref()),
            ("--system-edition", "standard".as_ref()),
        ];
        let words = words
            .into_iter()
            .flat_map(|(option, value)| [option.as_ref(), value]);
        crate::initramfs::run(lexopt::Parser::from_args(words))
    })?;
    Ok(Initramfs {
        image: dir.join(NAME),
        program: Some(program),
    })
}

/// Says what has been proven, and what it took.
fn summarise(
    boots: &[Boot],
    verdict: &disk::Verdict,
    initramfs: &Initramfs,
    progress: &Progress,
) -> Result<()> {
    progress.say(
        "done: what was made in the first boot came back in the second and was absent in the third",
    );
    for Boot {
        title,
        menu,
        login,
        record,
    } in boots
    {
        progress.block(&format!(
            "{title:24} menu {:4.1} s, menu to login {:5.1} s, of which perch {:6.0} ms",
            menu.as_secs_f64(),
            login.as_secs_f64(),
            record.total_ms(),
        ));
    }
    let size = |file: &Path| match fs::metadata(file) {
        Ok(meta) => Ok(meta.len() / 1024),
        Err(error) => Err(error).with_context(|| format!("cannot examine {}", file.display())),
    };
    progress.block(&format!(
        "initial file system: {} KiB",
        size(&initramfs.image)?
    ));
    if let Some(program) = &initramfs.program {
        progress.block(&format!(
            "perch-init in it: {} KiB unpacked",
            size(program)?
        ));
    }
    anyhow::ensure!(
        !verdict.needs_recovery,
        "the journal of the data partition has to be replayed after the last power-off"
    );
    progress.block(&format!(
        "data partition after the last power-off: unmounted, no errors, nothing to replay ({})",
        verdict.summary
    ));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(words: &[&str]) -> Result<Options> {
        parse(lexopt::Parser::from_args(words))
    }

    #[test]
    fn arguments() {
        let all = options(&["--clean", "--interactive", "--initramfs", "i.img"]).unwrap();
        assert_eq!(options(&["--shutdowns", "5"]).unwrap().shutdowns, Some(5));
        assert!(all.clean && all.interactive && !all.help);
        assert_eq!(all.initramfs.unwrap(), Path::new("i.img"));
        assert!(options(&["-h"]).unwrap().help);
        for bad in [
            &["--fast"][..],
            &["--shutdowns", "x"],
            &["word"],
            &["--initramfs"],
        ] {
            assert!(options(bad).is_err(), "{bad:?}");
        }
    }
}
