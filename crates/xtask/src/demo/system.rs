//! The live system as three bundles: Debian itself, its kernel's modules, and what makes it this demo.
//!
//! The first two take a minute and are cached; the third takes a second and is made every time. Nothing is installed
//! on the host and nothing needs root beyond what mmdebstrap finds for itself (user namespaces do).
//! The kernel image and the initial file system are not part of any bundle.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use perch_tests::host::kernel::Kernel;
use perch_tests::host::{Key, cached, command, run};

use super::medium::Parts;
use super::settings;

/// The Debian release of the system where none is asked for: that of the host.
const RELEASE: &str = "bookworm";
/// What is added to mmdebstrap's `minbase`. No D-Bus: nothing in the demo speaks it, and each service costs a second
/// of emulated time.
const PACKAGES: &str = "systemd-sysv,udev,kmod,login,passwd,procps,ncurses-base";
/// Kept out of the system by dpkg, now and when the demo installs a package.
const EXCLUDED: [&str; 3] = [
    "/usr/share/doc/*",
    "/usr/share/man/*",
    "/usr/share/locale/*",
];
/// zstd unpacks fast, which matters more in an emulator than the size.
const SQUASHFS: [&str; 7] = [
    "-comp",
    "zstd",
    "-Xcompression-level",
    "6",
    "-noappend",
    "-no-progress",
    "-quiet",
];

/// A Debian release by its code name.
#[derive(Debug, Clone)]
pub struct Release(String);

impl Default for Release {
    fn default() -> Self {
        Self(RELEASE.to_owned())
    }
}

impl std::fmt::Display for Release {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.write_str(&self.0)
    }
}

impl std::str::FromStr for Release {
    type Err = anyhow::Error;

    fn from_str(word: &str) -> Result<Self> {
        let letters = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase());
        ensure!(letters, "{word:?} is no code name of a Debian release");
        Ok(Self(word.to_owned()))
    }
}

/// Puts the three bundles into `dir`.
pub fn bundles(parts: &Parts, dir: &Path, scratch: &Path) -> Result<()> {
    place(&parts.core, dir)?;
    place(&modules(&parts.kernel)?, dir)?;
    let tree = scratch.join("settings");
    settings::write(&tree, &parts.core)?;
    settings::add_perch(&tree, &parts.perch)?;
    squash(&tree, &dir.join("02-demo.sb"))
}

/// Links or copies `bundle` into `dir` under its own name.
fn place(bundle: &Path, dir: &Path) -> Result<()> {
    let target = dir.join(bundle.file_name().context("a bundle without a name")?);
    fs::hard_link(bundle, &target)
        .or_else(|_| fs::copy(bundle, &target).map(drop))
        .with_context(|| format!("cannot copy {} to {}", bundle.display(), target.display()))
}

/// Debian without a kernel, from the host's own apt sources, with the release's name in place of the host's; cached
/// until these or the recipe change.
///
/// Newer package versions on the mirror do not make a new one: `--clean` does.
pub fn core(release: &Release) -> Result<PathBuf> {
    let sources: Vec<String> = apt_sources()?
        .iter()
        .map(|line| line.replace(RELEASE, &release.0))
        .collect();
    let key = Key::new("demo core 1")
        .with(PACKAGES)
        .with(EXCLUDED)
        .with(&sources);
    let dir = cached("demo/core", &key, |dir| {
        let tar = dir.join("core.tar");
        let mut bootstrap = command("mmdebstrap");
        bootstrap.args([
            "--variant=minbase",
            "--quiet",
            &format!("--include={PACKAGES}"),
        ]);
        bootstrap.args(EXCLUDED.map(|path| format!("--dpkgopt=path-exclude={path}")));
        run(bootstrap.arg(&release.0).arg(&tar).args(&sources))?;
        // In this mode mksquashfs ignores the archive's entry for the root directory and would make it 0777.
        let mut pack = command("mksquashfs");
        pack.arg("-")
            .arg(dir.join(CORE))
            .args(SQUASHFS)
            .args(["-tar", "-root-mode", "0755"]);
        run(pack.stdin(fs::File::open(&tar)?))?;
        fs::remove_file(&tar).context("cannot remove the archive")
    })?;
    Ok(dir.join(CORE))
}

const CORE: &str = "00-core-amd64.sb";

/// The lines of the host's apt sources that lead to Debian's own archive for [`RELEASE`].
///
/// apt is asked rather than its files read: it knows every format and leaves out what is disabled.
fn apt_sources() -> Result<Vec<String>> {
    let format = "$(CODENAME) deb $(REPO_URI) $(RELEASE) $(COMPONENT)";
    let listed = run(command("apt-get").args([
        "indextargets",
        "--format",
        format,
        "Created-By: Packages",
        "Origin: Debian",
    ]))?;
    let sources = of_release(&String::from_utf8_lossy(&listed));
    ensure!(
        !sources.is_empty(),
        "the apt sources of this machine do not lead to Debian {RELEASE}, or `apt-get update` has never run"
    );
    Ok(sources)
}

/// Picks the lines "codename deb …" of the release, its updates and its security archive; drops the codename.
fn of_release(listed: &str) -> Vec<String> {
    let mut sources: Vec<String> = listed
        .lines()
        .filter_map(|line| line.split_once(' '))
        .filter(|(codename, _)| {
            [RELEASE, "bookworm-updates", "bookworm-security"].contains(codename)
        })
        .map(|(_, source)| source.to_owned())
        .collect();
    sources.sort();
    sources.dedup();
    sources
}

/// The kernel's modules below `usr/lib/modules`: a bundle with a directory `/lib` would hide the core's link.
fn modules(kernel: &Kernel) -> Result<PathBuf> {
    let name = format!("01-kernel-{}.sb", kernel.version);
    let key = Key::new("demo kernel 1")
        .with(&kernel.version)
        .with_file(&kernel.vmlinuz)?;
    let dir = cached("demo/kernel", &key, |dir| {
        let tree = dir.join("tree");
        let lib = tree.join("usr/lib");
        fs::create_dir_all(&lib).with_context(|| format!("cannot create {}", lib.display()))?;
        // Hard links: both directories are in the cache.
        run(command("cp")
            .arg("-al")
            .arg(kernel.root.join("lib/modules"))
            .arg(&lib))?;
        squash(&tree, &dir.join(&name))?;
        fs::remove_dir_all(&tree).with_context(|| format!("cannot remove {}", tree.display()))
    })?;
    Ok(dir.join(name))
}

/// Packs `tree`; everything in it belongs to root in the bundle, whoever runs this.
fn squash(tree: &Path, bundle: &Path) -> Result<()> {
    run(command("mksquashfs")
        .arg(tree)
        .arg(bundle)
        .args(SQUASHFS)
        .args(["-all-root", "-root-mode", "0755"]))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_debian_bookworm_is_taken_from_the_hosts_sources() {
        let listed = "\
bookworm deb A bookworm main
bookworm-security deb B bookworm-security main
bookworm deb A bookworm main
bookworm-backports deb A bookworm-backports main
trixie deb A trixie main
";
        assert_eq!(
            of_release(listed),
            ["deb A bookworm main", "deb B bookworm-security main"]
        );
        assert!(of_release("").is_empty());
    }
}
