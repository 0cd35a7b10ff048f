//! A store with a session that a real union wrote, over bundles that are real squashfs files.

use tempfile::TempDir;

use crate::perch::{Namespace, Said};

/// `bundles/00-core.sb`, `bundles/modules/50-more.sb`, and the store `changes` with session 1.
pub(crate) struct Union {
    pub(crate) dir: TempDir,
    namespace: Namespace,
}

/// What is in the bundles; the upper one deletes something of the lower one.
const BUNDLES: &str = "
mkdir -p core/etc core/usr/bin core/var/cache/app core/opt/old/deep more/etc more/opt/old bundles/modules
for name in kept edited gone; do echo $name > core/etc/$name; done
head -c 5000 /dev/zero > core/usr/bin/tool
for name in one two; do echo $name > core/var/cache/app/$name; done
echo deep > core/opt/old/deep/file; echo gone > core/opt/old/gone
echo more > more/etc/more; mknod more/opt/old/gone c 0 0
mksquashfs core bundles/00-core.sb -quiet -no-progress -noappend
mksquashfs more bundles/modules/50-more.sb -quiet -no-progress -noappend
mkdir -p changes/1/changes changes/1/workdir mnt/core mnt/more root
printf '%s' '{\"default\": null, \"sessions\": {\"1\": {\"mode\": \"native\", \"version\": \"5\", \"union\": \"overlayfs\"}}}' > changes/session.json
";

const MOUNT: &str = "
mount -o loop,ro bundles/00-core.sb mnt/core; mount -o loop,ro bundles/modules/50-more.sb mnt/more
mount -t overlay -o lowerdir=mnt/more:mnt/core,upperdir=changes/1/changes,workdir=changes/1/workdir,index=off,metacopy=off,xino=off none root
";

const UMOUNT: &str = "cd ..; umount root mnt/more mnt/core";

impl Union {
    /// After `script` ran in the root of the union.
    pub(crate) fn after(script: &str) -> Self {
        let union = Self {
            dir: tempfile::tempdir_in("/var/tmp").unwrap(),
            namespace: Namespace::new(),
        };
        union.shell(BUNDLES).ok();
        union.again(script);
        union
    }

    /// Mounts the union once more and runs `script` in its root.
    pub(crate) fn again(&self, script: &str) {
        self.shell(&format!("{MOUNT} cd root\n{script}\n{UMOUNT}"))
            .ok();
    }

    /// Runs a script in the directory that holds everything.
    pub(crate) fn shell(&self, script: &str) -> Said {
        let dir = self.dir.path().display();
        let script = format!("cd {dir}; umask 022\n{script}");
        self.namespace.run("sh", &[&"-ec", &script])
    }

    /// Runs perch on the store.
    pub(crate) fn perch(&self, args: &str) -> Said {
        let program = env!("CARGO_BIN_EXE_perch");
        self.shell(&format!("{program} --sessions-dir changes {args}"))
    }
}
