//! `cargo xtask test`: everything that is checked before a change is merged, with one closing line that counts it all.
//!
//! It installs what it needs when it may, says what it left out and why, and ends with `N passed, N failed, N skipped`.

mod cargo;
mod tally;

use std::ffi::OsString;
use std::process::Command;

use anyhow::{Result, ensure};
use perch_core::session::UnionKind;
use perch_tests::host::{command, kernel, packages};
use perch_tests::initramfs::{INITRAMFS, Kind, installed};
use perch_tests::scenario::{self, union};
use perch_tests::{base, disk, vm};

use crate::deps;
use cargo::{cargo, list, run_tests};
use tally::Tally;

const HELP: &str = "\
cargo xtask test [--fast] [--filter TEXT] [--keep-going]
                 [--kernel FILE [--kernel-modules DIR]] [--union KIND] [--initramfs KIND]

Runs the checks (format, lints, dependencies), the unit and golden tests and the scenarios in virtual machines.

  --fast         leave out the scenarios in virtual machines
  --filter TEXT  run only tests and scenarios whose name contains TEXT, and no checks
  --keep-going   go on after a check or a group of tests failed
  --kernel FILE  run the scenarios with this kernel image in place of Debian's
  --kernel-modules DIR
                 where its modules are: a directory with modules.dep, or one with lib/modules/VERSION;
                 without it, the modules of this machine are used
  --initramfs KIND
                 run the scenarios in the initramfs of initramfs-tools or dracut in place of perch's own
  --union KIND   run the scenarios through aufs or overlayfs in place of what perch chooses itself

The last line is `N passed, N failed, N skipped`; the lines before it name each skip and its reason.";

/// Tests whose name starts like this need root.
const PRIVILEGED: &str = "privileged_";

#[derive(Default)]
struct Options {
    fast: bool,
    filter: Option<String>,
    keep_going: bool,
    /// What the scenarios are told by their environment.
    settings: Vec<(&'static str, OsString)>,
}

/// One part of the run. A stage adds what it did to the tally.
type Stage = (&'static str, fn(&Options, &mut Tally) -> Result<()>);

const STAGES: &[Stage] = &[
    ("packages", packages_stage),
    ("format", format_stage),
    ("lints", lints_stage),
    ("dependencies", dependencies_stage),
    ("size", size_stage),
    ("unit and golden tests", unit_stage),
    ("scenarios", scenarios_stage),
];

/// `cargo xtask test`.
///
/// # Errors
/// Only if it is called wrongly. Failing checks are counted, and end the process with status 1.
pub fn run(args: lexopt::Parser) -> Result<()> {
    let Some(options) = parse(args)? else {
        println!("{HELP}");
        return Ok(());
    };
    let mut tally = Tally::default();
    for (name, stage) in STAGES {
        if tally.failures() > 0 && !options.keep_going {
            tally.skip(
                name,
                "an earlier part failed; --keep-going would have gone on",
            );
            continue;
        }
        println!("== {name}");
        if let Err(error) = stage(&options, &mut tally) {
            println!("{error:#}");
            tally.fail(1);
        }
    }
    print!("{tally}");
    if tally.failures() > 0 {
        // Not an error of this command: nothing may be printed behind the closing line.
        std::process::exit(1);
    }
    Ok(())
}

fn parse(mut args: lexopt::Parser) -> Result<Option<Options>> {
    use lexopt::prelude::*;
    let mut options = Options::default();
    while let Some(arg) = args.next()? {
        match arg {
            Long("fast") => options.fast = true,
            Long("keep-going") => options.keep_going = true,
            Long("kernel") => {
                let file = absolute(args.value()?)?;
                options.settings.push((kernel::KERNEL, file));
            }
            Long("kernel-modules") => {
                let dir = absolute(args.value()?)?;
                options.settings.push((kernel::MODULES, dir));
            }
            Long("union") => {
                let kind: UnionKind = args.value()?.parse()?;
                options.settings.push((union::UNION, kind.word().into()));
            }
            Long("initramfs") => {
                let kind = Kind::parse(&args.value()?.string()?)?;
                options.settings.push((INITRAMFS, kind.word().into()));
            }
            Long("filter") => options.filter = Some(args.value()?.string()?),
            Short('h') | Long("help") => return Ok(None),
            other => return Err(other.unexpected().into()),
        }
    }
    let given = |name| options.settings.iter().any(|(set, _)| *set == name);
    ensure!(
        given(kernel::KERNEL) || !given(kernel::MODULES),
        "--kernel-modules needs --kernel; see --help"
    );
    Ok(Some(options))
}

/// The tests run in other directories than this command.
fn absolute(path: OsString) -> Result<OsString> {
    Ok(std::path::absolute(path)?.into_os_string())
}

/// Tools whose images and answers ours are compared with. A test goes without a missing one, so none
/// may be missing here.
const PEERS: &[&str] = &[
    "btrfs-progs",
    "cpio",
    "cryptsetup-bin",
    "debhelper",
    "dosfstools",
    "e2fsprogs",
    "erofs-utils",
    "exfatprogs",
    "f2fs-tools",
    "fish",
    "groff-base",
    "kmod",
    "lintian",
    "lz4",
    "musl-tools",
    "ntfs-3g",
    "shellcheck",
    "squashfs-tools",
    "xfsprogs",
    "xorriso",
    "xz-utils",
    "zsh",
    "zstd",
];

fn packages_stage(options: &Options, tally: &mut Tally) -> Result<()> {
    let mut wanted: Vec<&str> = disk::ALL
        .iter()
        .flat_map(|medium| medium.packages)
        .copied()
        .collect();
    wanted.extend(disk::PACKAGES);
    wanted.extend(base::PACKAGES);
    wanted.extend(PEERS);
    wanted.extend(scenario::LOADER_PACKAGES);
    if !options.fast {
        wanted.extend(vm::PACKAGES);
    }
    packages::ensure(&wanted)?;
    tally.pass(1);
    Ok(())
}

fn format_stage(options: &Options, tally: &mut Tally) -> Result<()> {
    check(options, tally, "format", || {
        succeeds(&mut cargo(&["fmt", "--all", "--check"]))
    })
}

fn lints_stage(options: &Options, tally: &mut Tally) -> Result<()> {
    let deny = ["--", "-D", "warnings"];
    let clippy =
        |which: &[&str]| succeeds(&mut cargo(&[&["clippy", "--quiet"], which, &deny].concat()));
    check(options, tally, "lints", || {
        clippy(&["--workspace", "--all-targets"])?;
        // Not among all targets, because plain `cargo test` leaves it alone.
        clippy(&["-p", "perch-tests", "--test", "vm"])?;
        let scripts = installed::scripts()?;
        succeeds(command("shellcheck").args(scripts))
    })
}

fn dependencies_stage(options: &Options, tally: &mut Tally) -> Result<()> {
    check(options, tally, "dependencies", deps::check)
}

/// The most bytes that perch-init may have. The kernel unpacks it at every boot: lz4 leaves about half, and that
/// costs about 2 ms under emulation for each 100 KiB.
const LARGEST: u64 = (2 << 20) + (512 << 10);

fn size_stage(options: &Options, tally: &mut Tally) -> Result<()> {
    check(options, tally, "size", || {
        let program = perch_tests::host::perch_init()?;
        let size = std::fs::metadata(&program)?.len();
        println!("perch-init has {size} bytes of {LARGEST}");
        ensure!(
            size <= LARGEST,
            "perch-init has grown above {LARGEST} bytes"
        );
        Ok(())
    })
}

/// Does a check, which counts as one; an error is its failure.
fn check(
    options: &Options,
    tally: &mut Tally,
    name: &str,
    check: impl FnOnce() -> Result<()>,
) -> Result<()> {
    if options.filter.is_some() {
        tally.skip(name, "--filter asks for single tests");
        return Ok(());
    }
    check()?;
    tally.pass(1);
    Ok(())
}

fn succeeds(command: &mut Command) -> Result<()> {
    let status = command.status()?;
    ensure!(status.success(), "{command:?} ended with {status}");
    Ok(())
}

fn unit_stage(options: &Options, tally: &mut Tally) -> Result<()> {
    let target = ["test", "--workspace", "--no-fail-fast"];
    let mut harness: Vec<&str> = options.filter.as_deref().into_iter().collect();
    if !rustix::process::geteuid().is_root() {
        for name in list(&target)? {
            if name
                .rsplit("::")
                .next()
                .is_some_and(|last| last.starts_with(PRIVILEGED))
                && wanted(options, &name)
            {
                tally.skip(&name, "needs root");
            }
        }
        harness.extend(["--skip", PRIVILEGED]);
    }
    run_tests(&target, &harness, &[], tally)
}

fn scenarios_stage(options: &Options, tally: &mut Tally) -> Result<()> {
    let target = ["test", "-p", "perch-tests", "--test", "vm"];
    if options.fast {
        for name in list(&target)? {
            if wanted(options, &name) {
                tally.skip(&name, "--fast leaves virtual machines out");
            }
        }
        return Ok(());
    }
    let harness: Vec<&str> = options.filter.as_deref().into_iter().collect();
    run_tests(&target, &harness, &options.settings, tally)
}

fn wanted(options: &Options, name: &str) -> bool {
    options
        .filter
        .as_deref()
        .is_none_or(|text| name.contains(text))
}
