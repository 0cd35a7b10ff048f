//! The file systems a medium can have beside ext4, vfat and iso9660, which the other scenarios boot from.

use perch_tests::disk::{BTRFS, EXFAT, F2FS, Medium, NTFS, XFS};
use perch_tests::scenario::{Boot, Scenario};

fn on(medium: Medium, name: String) -> Scenario {
    let size = medium.smallest_mib.max(64);
    Scenario::new(name).medium(medium).size_mib(size)
}

/// With owners, links and attributes: sessions are directories.
fn native(medium: Medium) -> Scenario {
    let name = format!(
        "a native session on a stick with {} keeps a file",
        medium.name
    );
    on(medium, name)
        .boot(
            Boot::with("perch")
                .sh("echo one >/keep; rm /etc/perch-test/from-00")
                .in_session("1", "native"),
        )
        .boot(
            Boot::with("perch")
                .expect_sh("cat /keep", "one")
                .sh("test ! -e /etc/perch-test/from-00")
                .in_session("1", "native"),
        )
}

/// Without them: the medium boots, the session would need a container, and there is no room for one.
fn plain(medium: Medium) -> Scenario {
    let name = format!(
        "a small stick with {} boots in RAM and says why",
        medium.name
    );
    on(medium, name)
        .boot(
            Boot::with("perch")
                // Files there belong to root alone, and none of them starts as a program.
                .expect_sh(
                    "stat -c '%a %u' /run/initramfs/memory/data/minios/00-core-amd64.sb",
                    "700 0",
                )
                .sh("grep ' /run/initramfs/memory/data ' /proc/mounts | grep nosuid,nodev,noexec")
                .sh("echo one >/run/initramfs/memory/data/from-the-system")
                .in_ram_instead()
                .warned(&[medium.name, "native"])
                .warned(&["a container needs 100 MiB", "nothing was made"]),
        )
        .store_missing("session.json")
}

/// A container, on whatever can hold a file of its size.
fn raw(medium: Medium) -> Scenario {
    let name = format!("a raw session on a stick with {} keeps a file", medium.name);
    // 100 MiB have to stay free.
    let size = medium.smallest_mib.max(64) + 256;
    Scenario::new(name)
        .medium(medium)
        .size_mib(size)
        .boot(
            Boot::with("perch perchmode=raw perchsize=64")
                .sh("echo one >/keep; ln -s keep /link; chown 1000 /keep; sync")
                .in_session("1", "raw")
                // A container in use is not unmounted before the power goes, until that is looked after.
                .cut(),
        )
        .boot(
            Boot::with("perch")
                .expect_sh("cat /link", "one")
                .expect_sh("stat -c %u /keep", "1000")
                .in_session("1", "raw")
                .cut(),
        )
}

pub fn scenarios() -> Vec<Scenario> {
    vec![
        raw(XFS),
        raw(BTRFS),
        raw(F2FS),
        raw(EXFAT),
        raw(NTFS),
        native(XFS),
        native(BTRFS),
        native(F2FS),
        plain(EXFAT),
        plain(NTFS),
        on(
            NTFS,
            "a stick with a hibernated Windows is not written".into(),
        )
        .file("hiberfil.sys", [&b"hibr"[..], &[0; 8188]].concat())
        .boot(
            Boot::with("perch")
                .in_ram_instead()
                .warned(&["Windows is hibernated", "Shift"])
                .sh("! touch /run/initramfs/memory/data/from-the-system 2>/dev/null")
                // The judge of a clean end refuses a hibernated Windows, as it should.
                .cut(),
        )
        .store_sessions(&[]),
    ]
}
