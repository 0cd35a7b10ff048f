//! The Debian packages: built twice to the same bytes, without a complaint of lintian; installed in a clean Debian, whose
//! own `update-initramfs` then makes an image that boots to a session; and gone without a trace when they are purged.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use libtest_mimic::{Completion, Failed, Trial};
use perch_tests::debian::Debian;
use perch_tests::host::{cache_dir, command, kernel::Kernel, run, workspace_dir};
use perch_tests::scenario::{Boot, Images, Runner, Scenario};

use crate::times::timed;

const SCRIPT: &str = include_str!("packages/install.sh");

const BUILT: &str = "the packages are the same bytes each time, and lintian finds nothing";
const INSTALLED: &str =
    "the packages make a bootable image in a clean Debian, and leave no trace when they are purged";

pub fn names() -> impl Iterator<Item = String> {
    [BUILT, INSTALLED].into_iter().map(String::from)
}

pub fn trials() -> impl Iterator<Item = Trial> {
    [
        Trial::test(BUILT, || said(timed(BUILT, built))),
        Trial::ignorable_test(INSTALLED, || {
            if !rustix::process::geteuid().is_root() {
                return Ok(Completion::ignored_with("needs root"));
            }
            said(timed(INSTALLED, installed))?;
            Ok(Completion::Completed)
        }),
    ]
    .into_iter()
}

fn said(result: Result<()>) -> Result<(), Failed> {
    result.map_err(|error| Failed::from(format!("{error:#}")))
}

/// Builds the packages into `dir` with the project's own command.
fn build(dir: &Path, options: &[&str]) -> Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut xtask = command(cargo);
    xtask
        .current_dir(workspace_dir())
        .args(["xtask", "packages"]);
    run(xtask.args(options).arg("--output").arg(dir))?;
    Ok(())
}

fn built() -> Result<()> {
    let dirs = [tempfile::tempdir()?, tempfile::tempdir()?];
    build(dirs[0].path(), &["--lint"])?;
    build(dirs[1].path(), &[])?;
    let mut packages = 0;
    for package in fs::read_dir(dirs[0].path())? {
        let name = package?.file_name();
        let [one, other] = dirs.each_ref().map(|dir| fs::read(dir.path().join(&name)));
        ensure!(
            one? == other?,
            "{} is not the same when it is built again",
            name.display()
        );
        packages += 1;
    }
    ensure!(packages == 2, "{packages} packages were built");
    Ok(())
}

fn installed() -> Result<()> {
    let debian = Debian::prepare()?;
    fs::create_dir_all(cache_dir())?;
    let place = tempfile::tempdir_in(cache_dir())?;
    let exchange = place.path().join("exchange");
    for dir in [&exchange, &place.path().join("layer")] {
        fs::create_dir(dir)?;
    }
    build(&exchange, &[])?;
    debian.run(SCRIPT, place.path())?;

    let read = |name: &str| {
        fs::read_to_string(exchange.join(name)).with_context(|| format!("no {name} was left"))
    };
    let content = read("content")?;
    ensure!(
        content
            .lines()
            .any(|path| path == "usr/lib/perch/perch-init"),
        "the image holds no perch-init:\n{content}"
    );
    let refused = read("refused")?;
    ensure!(
        refused.contains("minios-session-read takes only"),
        "{refused}"
    );
    let (before, after) = (read("before")?, read("after")?);
    let lines = |text: &'static str, of: &str, other: &str| {
        let other: BTreeSet<&str> = other.lines().collect();
        let only = of.lines().filter(|line| !other.contains(line));
        only.map(|line| format!("{text}: {line}"))
            .collect::<Vec<_>>()
    };
    let differences = [
        lines("gone", &before, &after),
        lines("left", &after, &before),
    ]
    .concat();
    ensure!(
        before.lines().count() > 1000,
        "hardly anything was looked at:\n{before}"
    );
    ensure!(
        differences.is_empty(),
        "after purging:\n{}",
        differences.join("\n")
    );
    boot(&debian, &exchange.join("initrd.img"))
}

/// Boots the image that Debian's own tool made, twice: what the first boot wrote is there in the second.
fn boot(debian: &Debian, initrd: &Path) -> Result<()> {
    let version = debian.kernel_version()?;
    let kernel = Kernel {
        vmlinuz: debian.vmlinuz()?,
        root: debian.root().to_owned(),
        version,
    };
    let images = Images::given(kernel, initrd.to_owned())?;
    let scenario = Scenario::new(INSTALLED)
        .boot(
            Boot::with("boot=perch perchdir=new")
                .sh("echo one >/keep")
                .in_session("1", "native"),
        )
        .boot(
            Boot::with("boot=perch perchdir=resume")
                .expect_sh("cat /keep", "one")
                .in_session("1", "native"),
        )
        .store_sessions(&["1"]);
    Runner::new(images)?
        .run(&scenario)
        .map_err(anyhow::Error::msg)
}
