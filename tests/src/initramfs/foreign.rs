//! Images made by the initramfs programs of a Debian of their own, into which perch is put as its package would.
//!
//! The Debian is made once, as an archive; nothing of it is installed here and nothing needs root beyond what mmdebstrap
//! finds for itself.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::installed;
use crate::base::{EDITION, VERSION};
use crate::host::kernel::Kernel;
use crate::host::{Key, cached, command, packages, run};

/// The release whose kernel the machines run.
const RELEASE: &str = "bookworm";
/// Programs of others that perch uses if they are there, and what unpacks and loads modules.
const USED: &str = "kmod,udev,zstd,e2fsprogs,dosfstools,exfatprogs,ntfs-3g";

/// How an image of one kind is made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Foreign {
    name: &'static str,
    /// The packages that make it.
    packages: &'static str,
    /// The command, and where it leaves the image; `VERSION` stands for the kernel's.
    command: &'static str,
    image: &'static str,
}

/// Everything as Debian has it: most drivers (`MODULES=most`), packed by zstd.
pub(super) const INITRAMFS_TOOLS: Foreign = Foreign {
    name: "initramfs-tools",
    packages: "initramfs-tools,busybox",
    command: "update-initramfs -c -k VERSION",
    image: "/boot/initrd.img-VERSION",
};

/// For any machine, with systemd as in every distribution that has dracut by default, and packed as the other.
pub(super) const DRACUT: Foreign = Foreign {
    name: "dracut",
    packages: "dracut,systemd-sysv",
    command: "dracut --no-hostonly --zstd --add perch --force /boot/image VERSION",
    image: "/boot/image",
};

impl Foreign {
    pub(super) fn image(&self, kernel: &Kernel, program: &Path) -> Result<PathBuf> {
        packages::ensure(&["mmdebstrap"])?;
        let debian = self.debian()?;
        // The program itself is not part of the key: whoever boots the image adds the present one.
        let mut key = Key::new("foreign initramfs 1")
            .with(self.command)
            .with(&kernel.version)
            .with_file(&kernel.vmlinuz)?
            .with_file(&debian)?;
        for file in installed::list()? {
            key = key.with(&file.to).with(file.mode);
            if file.from != installed::PROGRAM {
                key = key.with(fs::read(installed::source(&file, program))?);
            }
        }
        let dir = cached(&format!("initramfs/{}", self.name), &key, |dir| {
            self.make(kernel, &debian, program, dir)
        })?;
        Ok(dir.join("image"))
    }

    /// A Debian with the initramfs program, as an archive.
    fn debian(&self) -> Result<PathBuf> {
        let include = format!("{},{USED}", self.packages);
        let key = Key::new("foreign debian 1").with(RELEASE).with(&include);
        let dir = cached(&format!("debian/{}", self.name), &key, |dir| {
            let mut bootstrap = command("mmdebstrap");
            bootstrap.args(["--quiet", "--variant=minbase"]);
            bootstrap.arg(format!("--include={include}"));
            run(bootstrap.arg(RELEASE).arg(dir.join("root.tar")))?;
            Ok(())
        })?;
        Ok(dir.join("root.tar"))
    }

    fn make(&self, kernel: &Kernel, debian: &Path, program: &Path, dir: &Path) -> Result<()> {
        let added = tempfile::tempdir()?;
        installed::install(added.path(), program)?;
        // What the package of the kernel would have brought.
        let modules = kernel.root.join("lib/modules").join(&kernel.version);
        let place = added.path().join("usr/lib/modules");
        fs::create_dir_all(&place)?;
        run(command("cp")
            .args(["-a", "--reflink=auto"])
            .arg(fs::canonicalize(modules)?)
            .arg(&place))?;
        let config = format!("boot/config-{}", kernel.version);
        fs::create_dir_all(added.path().join("boot"))?;
        if kernel.root.join(&config).exists() {
            fs::copy(kernel.root.join(&config), added.path().join(&config))?;
        }
        fs::create_dir_all(added.path().join("etc"))?;
        fs::write(
            added.path().join("etc/minios-release"),
            crate::base::release(VERSION, EDITION),
        )?;

        let named = |text: &str| text.replace("VERSION", &kernel.version);
        let mut bootstrap = command("mmdebstrap");
        // Nothing is installed: it runs a command in a Debian that is there.
        bootstrap.args(["--quiet", "--variant=custom", "--format=null"]);
        bootstrap.arg("--skip=setup,update,cleanup");
        bootstrap.arg(format!("--setup-hook=tar-in '{}' /", debian.display()));
        bootstrap.arg(format!(
            "--customize-hook=sync-in '{}' /",
            added.path().display()
        ));
        bootstrap.arg(format!(
            "--customize-hook=chroot \"$1\" {}",
            named(self.command)
        ));
        bootstrap.arg(format!(
            "--customize-hook=download {} '{}'",
            named(self.image),
            dir.join("image").display()
        ));
        run(bootstrap.args(["", "-"]))?;
        Ok(())
    }
}
