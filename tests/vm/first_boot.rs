//! The first boots of a new stick, with and without persistence.

use perch_tests::base::mark;
use perch_tests::scenario::{Boot, Scenario};

pub fn scenarios() -> Vec<Scenario> {
    vec![
        Scenario::new("debug stops between the stages where the image has a shell").boot(
            Boot::with("perch debug")
                .image_shell()
                .when_shown(&["before the sessions are looked for", "#"])
                .type_keys("exit\r")
                .when_shown(&["before the session is opened", "#"])
                .type_keys("ls /run/initramfs/memory; exit\r")
                .when_shown(&["before the system starts", "#"])
                .type_keys("exit\r")
                .console("bundles")
                .in_session("1", "native"),
        ),
        // Contract, check 1.
        Scenario::new("the first boot with perch keeps a file")
            .boot(
                Boot::with("perch")
                    .sh("echo one >/keep")
                    .in_session("1", "native")
                    .boot_json("/schema", 1),
            )
            .store_file("1/changes/keep", "one")
            .store_json("session.json", "/default", "1")
            .store_json("session.json", "/running", "1")
            .store_sessions(&["1"])
            .boot(
                Boot::with("perch")
                    .expect_sh("cat /keep", "one")
                    .in_session("1", "native"),
            )
            .store_sessions(&["1"]),
        // Check 2.
        Scenario::new("resume on an empty store makes one session, not two")
            .boot(
                Boot::with("perchdir=resume")
                    .sh("echo one >/keep")
                    .in_session("1", "native"),
            )
            .boot(
                Boot::with("perchdir=resume")
                    .expect_sh("cat /keep", "one")
                    .in_session("1", "native"),
            )
            .store_sessions(&["1"])
            .store_json("session.json", "/sessions/1/mode", "native")
            .store_json("session.json", "/sessions/1/version", "5.1.1")
            .store_json("session.json", "/sessions/1/edition", "standard")
            .store_json("session.json", "/sessions/1/union", "overlayfs"),
        // Check 76.
        Scenario::new("a stick without a changes directory keeps the first file")
            .without("minios/changes")
            .boot(
                Boot::with("perchdir=resume")
                    .sh("echo one >/keep")
                    .in_session("1", "native"),
            )
            .store_file("1/changes/keep", "one"),
        Scenario::new("a boot without perch forgets everything")
            .boot(
                Boot::with("")
                    .sh("echo one >/keep")
                    .boot_json("/outcome/status", "ram"),
            )
            .store_sessions(&[])
            .boot(
                Boot::with("")
                    .sh("test ! -e /keep")
                    .boot_json("/outcome/status", "ram"),
            ),
        // Check 8.
        Scenario::new("a word that merely contains perch switches nothing on")
            .boot(
                Boot::with("foo=superchannel perchance")
                    .sh("echo one >/keep")
                    .boot_json("/outcome/status", "ram"),
            )
            .store_sessions(&[])
            .store_missing("session.json"),
        Scenario::new("files and deletions survive a clean power-off")
            .boot(
                Boot::with("perch")
                    .sh("rm /etc/perch-test/from-00; echo new >/etc/perch-test/top")
                    .sh("mkdir -p /home/a/b && ln -s b /home/a/link && chmod 600 /etc/passwd"),
            )
            .boot(
                Boot::with("perch")
                    .sh("test ! -e /etc/perch-test/from-00")
                    .expect_sh("cat /etc/perch-test/top", "new")
                    .expect_sh("readlink /home/a/link; stat -c %a /etc/passwd", "b\n600"),
            ),
        Scenario::new("a file that was synced survives a power cut")
            .boot(Boot::with("perch").sh("echo one >/keep; sync").cut())
            .boot(
                Boot::with("perch")
                    .expect_sh("cat /keep", "one")
                    .in_session("1", "native"),
            )
            .store_sessions(&["1"]),
        // Contract, check 43; the table of §2.5 is a unit test of core::filter.
        Scenario::new("load and noload choose bundles by their numbers")
            .boot(
                Boot::with("noload=10")
                    .expect_sh(
                        "ls /etc/perch-test | grep from",
                        "from-00\nfrom-01\nfrom-02",
                    )
                    .expect_sh("cat /etc/perch-test/top", "02"),
            )
            .boot(
                Boot::with("load=00,10")
                    .expect_sh("ls /etc/perch-test | grep from", "from-00\nfrom-10")
                    .console("load=00,10 leaves out 01-kernel"),
            ),
        Scenario::new("the higher bundle wins and may delete what a lower one brought").boot(
            Boot::with("")
                .expect_sh("cat /etc/perch-test/top", "10")
                .expect_sh(
                    "ls /etc/perch-test | grep from",
                    "from-00\nfrom-01\nfrom-02\nfrom-10",
                )
                .sh("test ! -e /etc/perch-test/deleted-by-02"),
        ),
        Scenario::new("a user bundle of the same name replaces the system's")
            .bundle("minios/modules/02-extra.sb", mark("02b"))
            .boot(
                Boot::with("")
                    .sh("test ! -e /etc/perch-test/from-02 && test -e /etc/perch-test/from-02b")
                    .expect_sh("cat /etc/perch-test/deleted-by-02", "still there")
                    .boot_json("/left_out/0/path", "02-extra.sb"),
            ),
        Scenario::new("the running system finds medium, store and bundles at their paths")
            .only_overlayfs("the path of the upper directory is looked at")
            .boot(
                Boot::with("perch")
                    .sh("test -d /run/initramfs/memory/data/minios/changes/1")
                    .sh("test -d /run/initramfs/memory/changes/changes")
                    .sh("echo one >/keep; test -f /run/initramfs/memory/changes/changes/keep")
                    .sh("test -f /run/initramfs/memory/bundles/10-user.sb/etc/perch-test/from-10")
                    .expect_sh(
                        "dmesg | grep -c 'perch: ' | grep -vx 0 >/dev/null; echo $?",
                        "0",
                    ),
            ),
    ]
}
