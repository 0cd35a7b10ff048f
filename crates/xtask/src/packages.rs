//! `cargo xtask packages`: the Debian packages `perch` and `perch-initramfs`.
//!
//! debhelper makes them from `crates/xtask/debian`, which finds beside it what this lays out: the static programs, manual
//! pages, completions and so on. The same commit gives the same bytes: every time in them is that of the commit.

mod completions;
mod copyright;
mod manual;
mod moment;

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use lexopt::Arg::{Long, Short};
use perch_tests::host::{
    cache_dir, command, packages, perch_init, run as run_command, static_program, workspace_dir,
};
use perch_tests::initramfs::installed;

use moment::Moment;

const HELP: &str = "\
cargo xtask packages [--output DIR] [--lint]

Builds the Debian packages perch and perch-initramfs for amd64. The same commit gives the same bytes.

  --output DIR  where the packages go (default target/perch/packages)
  --lint        have lintian look at them, and fail on whatever it finds
  -h, --help    this text
";

/// What makes packages, and a C compiler for the static target: perch brings compressors that are written in C.
const PACKAGES: &[&str] = &["debhelper", "dpkg-dev", "musl-tools"];
const LINT_PACKAGES: &[&str] = &["lintian"];

/// The command line: crate and program.
const CLI: (&str, &str) = ("perch-cli", "perch");
/// The crate of perch-init.
const BOOT: &str = "perch-boot";

/// Runs the command with the arguments that follow its name.
pub fn run(mut args: lexopt::Parser) -> Result<()> {
    let mut output = cache_dir().join("packages");
    let mut lint = false;
    while let Some(arg) = args.next()? {
        match arg {
            Long("output") | Short('o') => output = std::path::absolute(args.value()?)?,
            Long("lint") => lint = true,
            Long("help") | Short('h') => {
                print!("{HELP}");
                return Ok(());
            }
            other => return Err(other.unexpected().into()),
        }
    }
    packages::ensure(PACKAGES)?;
    // Files in packages have the modes a distribution gives them, whatever the user's umask.
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o022));
    make_dir(&output)?;
    let scratch = tempfile::tempdir_in(&output).context("cannot create a scratch directory")?;
    let source = scratch.path().join("perch");
    let moment = Moment::of_commit()?;
    lay_out(&source, &moment)?;
    let mut build = command("dpkg-buildpackage");
    build.args(["--build=binary", "--no-sign", "--no-pre-clean"]);
    build.env("SOURCE_DATE_EPOCH", moment.seconds.to_string());
    run_command(build.current_dir(&source))?;
    if lint {
        lint_changes(scratch.path())?;
    }
    for file in built(scratch.path(), ".deb")? {
        let name = file.file_name().context("a package without a name")?;
        let target = output.join(name);
        fs::rename(&file, &target).with_context(|| format!("cannot write {}", target.display()))?;
        println!("{}", target.display());
    }
    Ok(())
}

/// Everything that the packages are made of, as `crates/xtask/debian` expects it.
fn lay_out(source: &Path, moment: &Moment) -> Result<()> {
    let own = |path: &str| workspace_dir().join(path);
    let programs = source.join("programs");
    make_dir(&programs)?;
    copy(&static_program(CLI.0, CLI.1)?, &programs.join(CLI.1))?;
    installed::install(&source.join("initramfs"), &perch_init()?)?;
    for (from, to) in [
        ("crates/cli/polkit", "polkit"),
        ("crates/cli/systemd", "systemd"),
        ("crates/boot/etc", "etc"),
    ] {
        copy_tree(&own(from), &source.join(to))?;
    }
    completions::write(&source.join("completions"))?;
    let man = source.join("man");
    make_dir(&man)?;
    manual::write(&man, &moment.day()?)?;

    let debian = source.join("debian");
    copy_tree(&own("crates/xtask/debian"), &debian)?;
    let texts = [
        ("changelog", moment.changelog()?),
        ("copyright", copyright::file(&[BOOT, CLI.0])?),
    ];
    for (name, text) in texts {
        let file = debian.join(name);
        fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}

fn lint_changes(dir: &Path) -> Result<()> {
    packages::ensure(LINT_PACKAGES)?;
    let mut lintian = command("lintian");
    lintian.args(["--info", "--display-info", "--pedantic"]);
    // It takes bytes of programs, and words in messages of linked crates, for words of ours.
    lintian.args(["--suppress-tags", "spelling-error-in-binary"]);
    lintian.args(["--fail-on", "error,warning,info,pedantic"]);
    // It runs as whoever calls this, in a container as root.
    lintian.arg("--allow-root").args(built(dir, ".changes")?);
    let said = run_command(&mut lintian).context("lintian finds something")?;
    print!("{}", String::from_utf8_lossy(&said));
    Ok(())
}

/// The files in `dir` whose names end so, sorted.
fn built(dir: &Path, ending: &str) -> Result<Vec<PathBuf>> {
    let listed = fs::read_dir(dir).with_context(|| format!("cannot read {}", dir.display()))?;
    let mut files = listed
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<_>>>()?;
    files.retain(|file| file.to_string_lossy().ends_with(ending));
    files.sort();
    Ok(files)
}

fn make_dir(dir: &Path) -> Result<()> {
    fs::create_dir_all(dir).with_context(|| format!("cannot create {}", dir.display()))
}

/// Copies the directory `from` as `to`; executable files stay so.
fn copy_tree(from: &Path, to: &Path) -> Result<()> {
    make_dir(to)?;
    for entry in fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_tree(&entry.path(), &target)?;
        } else {
            copy(&entry.path(), &target)?;
        }
    }
    Ok(())
}

/// Copies a file, with the mode that a file of its kind has in a package.
fn copy(from: &Path, to: &Path) -> Result<()> {
    let context = || format!("cannot copy {} to {}", from.display(), to.display());
    let executable = fs::metadata(from)
        .with_context(context)?
        .permissions()
        .mode()
        & 0o111
        != 0;
    fs::copy(from, to).with_context(context)?;
    let mode = if executable { 0o755 } else { 0o644 };
    fs::set_permissions(to, Permissions::from_mode(mode)).with_context(context)
}
