//! The bundle `02-demo.sb` as a directory: what turns a plain Debian into this demo.
//!
//! Host name, root password, no background jobs, perch for the running system, and one package to be installed offline.
//! No user data; the serial login appears because systemd's getty generator follows the kernel's `console=`.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use perch_tests::host::{Key, cached, command, run};

/// Host name of the live system; its prompt and its login say it.
pub const HOST_NAME: &str = "perch-demo";
/// Root's password in the live system.
pub const PASSWORD: &str = "perch";
/// crypt(5) of [`PASSWORD`], made with `openssl passwd -6 -salt perchdemo`.
const PASSWORD_HASH: &str = "$6$perchdemo$ncklQDSYfYfobxWIruJnHLVwSFt.PEcpcHDw1Zaiyzp.WcU1kTlwlf1G0ApAv2fMluuljOPnrgLV/GF4Y9wYu.";
/// The package the demo installs without a network; its program has the same name.
pub const PACKAGE: &str = "hello";

/// Units that are no use in a system that lives for a minute, or that need what is not installed (logind: D-Bus; with
/// neither, five more logins on virtual terminals, which takes two emulated seconds).
const MASKED: &[&str] = &[
    "apt-daily.timer",
    "apt-daily-upgrade.timer",
    "dev-hugepages.mount",
    "dpkg-db-backup.timer",
    "e2scrub_all.timer",
    "e2scrub_reap.service",
    "fstrim.timer",
    "getty-static.service",
    "sys-kernel-debug.mount",
    "sys-kernel-tracing.mount",
    "systemd-logind.service",
    "systemd-networkd-wait-online.service",
    "systemd-pstore.service",
    "systemd-tmpfiles-clean.timer",
];

const FILES: &[(&str, &str)] = &[
    ("etc/hostname", "perch-demo\n"),
    ("etc/hosts", "127.0.0.1\tlocalhost perch-demo\n"),
    (
        "etc/issue",
        "perch demo: a Debian live system that keeps what you do (\\n \\l)\nLog in as root, password: perch\n\n",
    ),
    ("etc/motd", ""),
    ("etc/update-motd.d/10-uname", ""),
    // Empty, not absent: systemd makes a number at boot and does not take this for the first start of a new machine.
    ("etc/machine-id", ""),
];

/// Writes the tree; `core` is the bundle whose `/etc/shadow` gets the password.
pub fn write(tree: &Path, core: &Path) -> Result<()> {
    for (path, text) in FILES {
        write_file(tree, path, text)?;
    }
    let shadow = run(command("unsquashfs")
        .arg("-cat")
        .arg(core)
        .arg("etc/shadow"))?;
    let shadow = with_root_password(&String::from_utf8_lossy(&shadow))?;
    write_file(tree, "etc/shadow", &shadow)?;
    fs::set_permissions(tree.join("etc/shadow"), Permissions::from_mode(0o640))?;

    for unit in MASKED {
        let link = tree.join("etc/systemd/system").join(unit);
        make_dirs(&link)?;
        symlink("/dev/null", &link).with_context(|| format!("cannot create {}", link.display()))?;
    }
    let packages = tree.join("opt/packages");
    make_dirs(&packages.join(PACKAGE))?;
    run(command("cp")
        .arg("-T")
        .arg(package()?)
        .arg(packages.join(format!("{PACKAGE}.deb"))))?;

    // systemd compares these with the age of /usr and would rebuild its databases, which takes half a minute
    // emulated (systemd-update-done.service(8)). Written last, so they are younger than every /usr in the union.
    for path in ["etc/.updated", "var/.updated"] {
        write_file(tree, path, "")?;
    }
    Ok(())
}

/// Adds perch itself, and the unit that says when the system has come up, enabled as `systemctl enable` does it.
pub fn add_perch(tree: &Path, program: &Path) -> Result<()> {
    const UNIT: &str = "perch-mark-good.service";
    let (to, unit) = (tree.join("usr/bin/perch"), "usr/lib/systemd/system");
    make_dirs(&to)?;
    fs::copy(program, &to).with_context(|| format!("cannot copy {}", program.display()))?;
    symlink("perch", tree.join("usr/bin/minios-session")).context("cannot make a link")?;
    let text = include_str!("../../../cli/systemd/perch-mark-good.service");
    write_file(tree, &format!("{unit}/{UNIT}"), text)?;
    for target in ["multi-user.target", "graphical.target"] {
        let link = tree.join(format!("etc/systemd/system/{target}.wants/{UNIT}"));
        make_dirs(&link)?;
        symlink(format!("/{unit}/{UNIT}"), &link)
            .with_context(|| format!("cannot create {}", link.display()))?;
    }
    Ok(())
}

/// The Debian package file, from the cache or fetched through apt.
fn package() -> Result<std::path::PathBuf> {
    let name = format!("{PACKAGE}.deb");
    let dir = cached(
        "demo/package",
        &Key::new("demo package 1").with(PACKAGE),
        |dir| {
            // apt would otherwise drop to a user who cannot write below a private directory.
            run(command("apt-get")
                .args(["-q", "-o", "APT::Sandbox::User=root", "download", PACKAGE])
                .current_dir(dir))?;
            let entry = fs::read_dir(dir)?
                .next()
                .context("apt-get download left no file")??;
            fs::rename(entry.path(), dir.join(&name)).context("cannot rename the package")
        },
    )?;
    Ok(dir.join(name))
}

/// Returns `shadow` with the demo's password for root (shadow(5): the second field of its line).
fn with_root_password(shadow: &str) -> Result<String> {
    let mut found = false;
    let mut text = String::new();
    for line in shadow.lines() {
        match line
            .strip_prefix("root:")
            .and_then(|rest| rest.split_once(':'))
        {
            Some((_, rest)) => {
                found = true;
                text += &format!("root:{PASSWORD_HASH}:{rest}\n");
            }
            None => text += &format!("{line}\n"),
        }
    }
    ensure!(found, "the core's /etc/shadow has no line for root");
    Ok(text)
}

/// Writes `text` to `path` below `tree`, with the directories above it.
fn write_file(tree: &Path, path: &str, text: &str) -> Result<()> {
    let path = tree.join(path);
    make_dirs(&path)?;
    fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
}

fn make_dirs(path: &Path) -> Result<()> {
    let parent = path.parent().context("a path without a directory")?;
    fs::create_dir_all(parent).with_context(|| format!("cannot create {}", parent.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_goes_into_roots_line_only() {
        let text = with_root_password("root:*:20000:0:99999:7:::\ndaemon:*:1:\n").unwrap();
        assert_eq!(
            text,
            format!("root:{PASSWORD_HASH}:20000:0:99999:7:::\ndaemon:*:1:\n")
        );
        assert!(
            with_root_password("rooty:*:1:\n").is_err(),
            "no line for root"
        );
    }
}
