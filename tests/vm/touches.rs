//! What the boot puts into the system's files, and the hooks that run on its way.

use perch_tests::base::mark;
use perch_tests::disk::VFAT;
use perch_tests::scenario::{Boot, Scenario};
use serde_json::json;

/// The data directory, as the running system sees it.
const DATA: &str = "/run/initramfs/memory/data/minios";

/// What a hook says to show what it was told.
const SAY: &str = "#!/bin/sh\necho \"$PERCH_STAGE status=$PERCH_STATUS session=$PERCH_SESSION mode=$PERCH_MODE \
    medium=$PERCH_MEDIUM device=$PERCH_MEDIUM_DEVICE data=$PERCH_DATA union=$PERCH_UNION changes=$PERCH_CHANGES \
    record=$PERCH_RECORD home=$HOME.\"\n";

pub fn scenarios() -> Vec<Scenario> {
    [files(), hooks()].concat()
}

fn files() -> Vec<Scenario> {
    vec![
        Scenario::new("rootcopy from FAT gets sane modes and stays in the system")
            .medium(VFAT)
            .file("minios/rootcopy/etc/rc/conf", "conf")
            .file("minios/rootcopy/usr/bin/rc-script", "#!/bin/sh\necho ran\n")
            .file("minios/rootcopy/alias/x", "through a link")
            .bundle(
                "minios/modules/20-link.sb",
                mark("20").link("alias", "/home"),
            )
            .boot(
                Boot::with("")
                    .expect_sh(
                        "stat -c %a /etc/rc /etc/rc/conf /usr/bin/rc-script",
                        "755\n644\n755",
                    )
                    .expect_sh("/usr/bin/rc-script; cat /home/x", "ran\nthrough a link")
                    .boot_json("/touches/0/name", "rootcopy")
                    .boot_json("/touches/0/result", "4 copied, 4 unchanged, 0 failed"),
            ),
        Scenario::new("rootcopy of an unchanged medium writes nothing at the second boot")
            .file("minios/rootcopy/etc/rc/conf", "conf")
            .boot(
                Boot::with("perch")
                    .boot_json("/touches/0/result", "2 copied, 1 unchanged, 0 failed")
                    .sh("stat -c %i /run/initramfs/memory/changes/changes/etc/rc/conf >/inode")
                    .sh(&format!("cd {DATA}/rootcopy/etc/rc && ln -s conf link && mkfifo fifo")),
            )
            .boot(
                Boot::with("perch")
                    .sh("stat -c %i /run/initramfs/memory/changes/changes/etc/rc/conf | cmp - /inode")
                    .expect_sh("readlink /etc/rc/link", "conf")
                    .boot_json("/touches/0/result", "1 copied, 3 unchanged, 1 failed")
                    .console("perch: rootcopy: etc/rc/fifo: is a device, fifo or socket"),
            ),
        Scenario::new("preinit runs in the new system, and its failure is said")
            .file(
                "minios/rootcopy/run/preinit.sh",
                "echo \"for $1 with $(ls /etc/perch-test | grep -c from) bundles\"\n\
                 test -c /dev/null && test -d /proc/1 && test -d /sys/kernel && test -d /run/initramfs || exit 1\n\
                 echo one >/preinit\nsleep 1000 &\nexit 3\n",
            )
            .boot(
                Boot::with("")
                    .noted(&["preinit: for / with 4 bundles"])
                    .expect_sh("cat /preinit", "one")
                    .console("perch: preinit: rootcopy/run/preinit.sh: exit 3")
                    .boot_json("/touches/2/ok", false)
                    .sh("test ! -e /run/perch/preinit.sh")
                    // Nothing stays mounted, nothing runs on.
                    .expect_sh("grep -c ' /proc ' /proc/self/mountinfo", "1")
                    .sh("! ps | grep -v grep | grep 'sleep 1000'"),
            ),
        // Complaint 41.
        Scenario::new("a missing fstab is written once and a user's is kept")
            .boot(
                Boot::with("perch")
                    .expect_sh("grep -c '^overlay / overlay rw 0 0$' /etc/fstab", "1")
                    .boot_json("/touches/0/result", "/etc/fstab written"),
            )
            .boot(
                Boot::with("perch")
                    .boot_json("/touches", json!([]))
                    .sh("echo '/dev/sdb1 /mnt auto noauto 0 0' >/etc/fstab"),
            )
            .boot(
                Boot::with("perch")
                    .boot_json("/touches", json!([]))
                    .expect_sh("cat /etc/fstab", "/dev/sdb1 /mnt auto noauto 0 0"),
            ),
        Scenario::new("config.conf comes from the medium and a user's edit is kept")
            .file("minios/config.conf", "A=1\n")
            .file("minios/config.conf.d/x.conf", "B=1\n")
            .file("minios/config.conf.d/x.bak", "C=1\n")
            .boot(
                Boot::with("perch")
                    .expect_sh(
                        "cat /etc/live/config.conf /etc/live/config.conf.d/*",
                        "A=1\nB=1",
                    )
                    .boot_json(
                        "/touches/0/result",
                        "config.conf, config.conf.d/x.conf written to /etc/live",
                    )
                    .sh("echo B=user >/etc/live/config.conf.d/x.conf")
                    .sh(&format!("cd {DATA} && echo A=2 >config.conf && echo B=2 >config.conf.d/x.conf")),
            )
            .boot(
                Boot::with("perch")
                    .expect_sh(
                        "cat /etc/live/config.conf /etc/live/config.conf.d/*",
                        "A=2\nB=user",
                    )
                    .boot_json(
                        "/touches/0/result",
                        "config.conf written to /etc/live; config.conf.d/x.conf kept as edited in /etc/live",
                    ),
            ),
    ]
}

fn hooks() -> Vec<Scenario> {
    let hook = |stage: &str, name: &str| format!("etc/perch/hooks/{stage}.d/{name}");
    vec![
        Scenario::new("hooks of the image run at their stages with the image's shell").boot(
            Boot::with("perch")
                .image_shell()
                .program(&hook("after-data", "10-say"), SAY)
                .program(&hook("after-data", "20-status"), "#!/bin/sh\nexit 5\n")
                .program(&hook("after-data", "text~"), "no hook")
                .program(&hook("after-session", "10-say"), SAY)
                .program(&hook("before-switch", "10-say"), SAY)
                .program(&hook("failure", "10-say"), SAY)
                .noted(&[
                    "after-data/10-say: after-data status= session= mode= medium=/run/initramfs/memory/data device=/dev/vda \
                     data=/run/initramfs/memory/data/minios union= changes=/run/initramfs/memory/changes record= home=.",
                ])
                .noted(&["after-session status=session session=1 mode=native", "union=/", "record= home=."])
                .noted(&["before-switch status=session", "record=/run/perch/boot.json home=."])
                .console("perch: the after-data hook 20-status of the image failed: exit 5")
                .boot_json("/hooks/0/stage", "after-data")
                .boot_json("/hooks/0/ok", true)
                .boot_json("/hooks/1/result", "exit 5")
                .boot_json("/hooks/2/stage", "after-session")
                .boot_json("/hooks/3/stage", "before-switch")
                .boot_json("/hooks/4", json!(null)),
        ),
        Scenario::new("a script whose interpreter the image lacks runs in the new system")
            .only_own_initramfs("the images of others have a shell")
            .boot(
                Boot::with("perch")
                    .program(
                        &hook("after-session", "10-write"),
                        "#!/bin/sh\necho $PERCH_SESSION $PERCH_UNION >/hooked\n",
                    )
                    .program(
                        &hook("before-switch", "10-record"),
                        "#!/bin/sh\ngrep -c '\"schema\"' $PERCH_RECORD >>/hooked\n",
                    )
                    // Nothing has that interpreter yet.
                    .program(&hook("after-data", "10-early"), "#!/bin/sh\necho\n")
                    .expect_sh("cat /hooked", "1 /\n1")
                    .console("perch: the after-data hook 10-early of the image failed: cannot start")
                    .sh("test ! -e /run/initramfs/hooks/after-session-image/10-write"),
            )
            .boot(
                Boot::with("perchdir=7 asktimeout=1")
                    .program(&hook("failure", "10-say"), SAY)
                    .in_ram_instead()
                    .noted(&["failure/10-say: failure status=ram-fallback session= mode="]),
            ),
        Scenario::new("a hook that hangs is stopped and named and the boot goes on").boot(
            Boot::with("")
                .program(
                    &hook("after-session", "10-hang"),
                    "#!/bin/sh\ntrap '' TERM\nwhile :; do sleep 1000; done\n",
                )
                .program(&hook("after-session", "20-next"), "#!/bin/sh\ntouch /next\n")
                .console("perch: the after-session hook 10-hang of the image failed: stopped")
                .sh("test -e /next && ! ps | grep -v grep | grep 'sleep 1000'"),
        ),
        Scenario::new("hooks of the medium run only if the image allows it")
            .medium(VFAT)
            .file(
                "minios/hooks/after-session.d/10-medium",
                "#!/bin/sh\ntouch /hooked\n",
            )
            .file(
                "minios/hooks/after-session.d/20-windows",
                "#!/bin/sh\r\ntouch /hooked\r\n",
            )
            .boot(
                Boot::with("")
                    .sh("test ! -e /hooked")
                    .boot_json("/hooks", json!([]))
                    .console("/minios/hooks) do not run: this image was made without")
                    .boot_json("/notices/0/code", "medium-hooks-not-allowed"),
            )
            .boot(
                Boot::with("")
                    .program("etc/perch/allow-medium-hooks", "")
                    .sh("test -e /hooked")
                    .boot_json("/hooks/0/from", "medium")
                    .boot_json("/hooks/0/result", "exit 0")
                    .console("20-windows of the medium failed: has the line ends of Windows"),
            ),
        Scenario::new("a boot that stops runs the failure hooks of the image")
            .cut_short("minios/00-core-amd64.sb", 1000)
            .boot(
                Boot::with("")
                    .image_shell()
                    .program(
                        &hook("failure", "10-say"),
                        "#!/bin/sh\ntest $PERCH_STATUS = stopped && exit 9\n",
                    )
                    .stops_with(&[
                        "the failure hook 10-say of the image failed: exit 9",
                        "a bundle that the system needs is damaged",
                    ]),
            ),
    ]
}
