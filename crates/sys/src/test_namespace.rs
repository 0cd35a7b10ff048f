//! Gives a test a mount namespace of its own, so that the machine's mounts stay as they are.
//! Only for tests.

use std::path::Path;

use rustix::mount::{MountPropagationFlags, mount_change};

/// Runs `test` in a thread whose mounts nobody else sees, with an empty directory on a tmpfs.
/// Everything it mounts disappears with the thread.
pub(crate) fn isolated(test: impl FnOnce(&Path) + Send) {
    // Outlives the namespace, so that nothing is mounted on it when it is removed.
    let dir = tempfile::tempdir().expect("temporary directory");
    let outcome = std::thread::scope(|scope| {
        scope
            .spawn(|| {
                crate::ioctl::unshare_mounts().expect("unshare needs root");
                mount_change(
                    "/",
                    MountPropagationFlags::PRIVATE | MountPropagationFlags::REC,
                )
                .expect("make mounts private");
                let tmpfs = crate::mount::tmpfs("perch-test", None, 0o755, &Default::default())
                    .expect("tmpfs");
                crate::mount::attach_path(&tmpfs, dir.path()).expect("attach tmpfs");
                test(dir.path());
            })
            .join()
    });
    if let Err(panic) = outcome {
        std::panic::resume_unwind(panic);
    }
}
