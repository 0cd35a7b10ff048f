//! `toram`: the system in RAM, the sessions on the medium.

use perch_tests::scenario::{Boot, Scenario};

/// The file system that the data directory shows.
const SOURCE: &str = "awk '$2 == \"/run/initramfs/memory/data\" { print $1 }' /proc/mounts";
/// How many file systems of the medium are mounted.
const MEDIUM: &str = "grep -c ^/dev/vda /proc/mounts || true";

pub fn scenarios() -> Vec<Scenario> {
    vec![
        // Contract, check 42.
        Scenario::new("a session is kept on the medium while the system runs from RAM")
            .boot(
                Boot::with("toram perch")
                    .expect_sh(SOURCE, "toram")
                    .sh("echo one >/keep")
                    .in_session("1", "native")
                    // Tools find it where it always is.
                    .expect_sh("ls /run/initramfs/memory/data/minios/changes/1", "changes\nworkdir"),
            )
            .store_file("1/changes/keep", "one")
            .boot(Boot::with("perch").expect_sh("cat /keep", "one")),
        Scenario::new("without a session the medium is free once the system is in RAM")
            .file("minios/boot/vmlinuz", "a kernel")
            .boot(
                Boot::with("toram")
                    .expect_sh(SOURCE, "toram")
                    .expect_sh(MEDIUM, "0")
                    .expect_sh("cat /run/initramfs/memory/data/minios/boot/vmlinuz", "a kernel")
                    .boot_json("/outcome/status", "ram"),
            ),
        Scenario::new("a trimmed copy holds what this boot uses")
            .file("minios/boot/vmlinuz", "a kernel")
            .file("minios/config.conf", "x=1")
            .boot(
                Boot::with("toram=trim noload=10")
                    .expect_sh(
                        "cd /run/initramfs/memory/data/minios; test ! -e boot; test ! -e modules/10-user.sb; cat config.conf",
                        "x=1",
                    )
                    .expect_sh(MEDIUM, "0"),
            ),
        Scenario::new("too little memory is said, and the system runs from the medium").boot(
            Boot::with("toram perch")
                .memory_mib(320)
                .console("toram-refused")
                .console("of memory are free")
                .sh("echo one >/keep")
                .in_session("1", "native"),
        ),
    ]
}
