//! Gives a test a mount namespace of its own, so that the machine's mounts stay as they are.
//! Only for tests.

use std::path::Path;
use std::time::{Duration, Instant};

use rustix::io::Errno;
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

/// Unmounts `place` as soon as nobody has it open: a program that another test starts has our descriptors
/// too, until it runs.
pub(crate) fn unmount(place: &Path) {
    let until = Instant::now() + Duration::from_secs(60);
    while let Err(error) = crate::mount::unmount(place, false) {
        let may_pass = error.errno() == Errno::BUSY && Instant::now() < until;
        assert!(may_pass, "{error}");
        std::thread::yield_now();
    }
}
