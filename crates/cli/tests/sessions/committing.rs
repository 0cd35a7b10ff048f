//! `perch commit`: a module that a real union shows as the session did.

use crate::store::assert_refused;
use crate::union::Union;

/// One of everything that a module has to keep.
const CHANGES: &str = r"
mkdir -p srv/web; echo page > srv/web/index; ln srv/web/index srv/web/same; ln -s index srv/web/link
mkfifo srv/web/fifo; mknod srv/web/null c 1 3; truncate -s 5M srv/web/hole; echo end >> srv/web/hole
chown 1000:3000000 srv/web/index; chmod 4751 srv/web/hole; touch -d '2001-02-03 04:05:06.789' srv/web/link srv/web/hole
printf x > srv/web/$(printf 'odd \n \033 \377'); mkdir -p srv/web/$(printf 'd%.0s' $(seq 200))/$(printf 'e%.0s' $(seq 200))
echo long > srv/web/$(printf 'd%.0s' $(seq 200))/$(printf 'e%.0s' $(seq 200))/f
rm etc/gone; echo new > etc/edited; mkdir -p srv/log; echo noise > srv/log/noise
rm -r var/cache/app; mkdir var/cache/app; echo three > var/cache/app/three
rm -r opt/old; ln etc/edited srv/also
";

/// Mounts the bundles and the module alone, without the session, and runs a script in the union's root.
fn with_module(union: &Union, module: &str, script: &str) -> String {
    union
        .shell(&format!(
            "mkdir -p mnt/module; mount -o loop,ro {module} mnt/module
            mount -o loop,ro bundles/00-core.sb mnt/core; mount -o loop,ro bundles/modules/50-more.sb mnt/more
            mount -t overlay -o ro,lowerdir=mnt/module:mnt/more:mnt/core none root
            (cd root; {script}); umount root mnt/module mnt/more mnt/core"
        ))
        .ok()
}

/// Everything about all files, but for times of directories, in one order.
const LISTED: &str = r"(find . -type d -printf '%P %y %m %U %G\n'; find . ! -type d -printf '%P %y %m %U %G %s %n %l %T@\n') | LC_ALL=C sort | cat -v; find . -type f -print0 | LC_ALL=C sort -z | xargs -0 cat | sha256sum";

#[test]
fn privileged_a_module_of_everything_shows_what_the_session_showed() {
    let union = Union::after(CHANGES);
    // Whole seconds, as squashfs has them.
    let whole = "find . -xdev -newermt 2024-01-01 ! -type d -exec touch -h -d '2026-01-01 00:00:00' {} +; touch -h -d '2001-02-03 04:05:06' srv/web/link srv/web/hole srv/web/index";
    union.again(whole);
    let before = union
        .shell(&format!(
            "mount -o loop,ro bundles/00-core.sb mnt/core; mount -o loop,ro bundles/modules/50-more.sb mnt/more
            mount -t overlay -o ro,lowerdir=changes/1/changes:mnt/more:mnt/core none root
            (cd root; {LISTED}); umount root mnt/more mnt/core"
        ))
        .ok();
    let said = union.perch("commit 1 / --output 90-all.sb --json");
    assert_eq!(said.status, 0, "{said:?}");
    assert_eq!(said.json()["dry_run"], false);
    assert!(said.json()["packed"].as_u64().unwrap() > 0);
    let after = with_module(&union, "90-all.sb", LISTED);
    assert!(before.contains("opt/old") == after.contains("opt/old"));
    assert_eq!(before, after);
    // The session is empty over its own module.
    union
        .shell("mkdir all; cp bundles/00-core.sb 90-all.sb all; cp bundles/modules/50-more.sb all")
        .ok();
    let diff = union.perch("diff 1 --bundles all --json").json();
    let left = diff["changes"].as_array().unwrap();
    let left: Vec<_> = left
        .iter()
        .filter(|it| it["change"] != "replaced" && it["change"] != "deleted")
        .collect();
    let only_added: Vec<_> = left
        .iter()
        .filter(|it| !it["path"].as_str().unwrap().starts_with("/var/cache/app"))
        .collect();
    assert!(only_added.is_empty(), "{only_added:?}");
}

#[test]
fn privileged_chosen_paths_give_the_same_bytes_whatever_else_happens() {
    let union = Union::after(CHANGES);
    union
        .perch("commit 1 /srv/web /etc/gone /srv/also --exclude /srv/web/null --output one.sb")
        .ok();
    // Other files of the same directories, and another time.
    union.again("echo other > etc/other; echo noise > srv/more-noise; sleep 1; touch etc srv");
    union
        .perch("commit 1 srv/web etc/gone srv/also --exclude srv/web/null --output two.sb")
        .ok();
    union.shell("cmp one.sb two.sb").ok();
    let listed = with_module(
        &union,
        "one.sb",
        "cat srv/web/same srv/also; ls etc srv; ls -l srv/web/null 2>&1 || true",
    );
    assert!(listed.starts_with("page\nnew\n"), "{listed}");
    assert!(
        !listed.contains("gone") && !listed.contains("other") && !listed.contains("log"),
        "{listed}"
    );
    assert!(
        listed.contains("edited") && listed.contains("No such file"),
        "{listed}"
    );
}

/// Nothing is left of what fails, and nothing is replaced unasked.
#[test]
fn privileged_an_old_module_stays_unless_a_whole_new_one_takes_its_place() {
    let union = Union::after(CHANGES);
    let dry = union.perch("commit 1 /srv --output new.sb --dry-run --json");
    assert_eq!(dry.json()["dry_run"], true);
    union.shell("! test -e new.sb; echo old > old.sb").ok();
    assert_refused(
        &union.perch("commit 1 /srv --output old.sb --json"),
        1,
        "exists",
    );
    assert_refused(
        &union.perch("commit 1 /nowhere --output old.sb --force --json"),
        1,
        "not-in-session",
    );
    assert_refused(
        &union.perch("commit 9 /srv --output new.sb --json"),
        1,
        "not-found",
    );
    assert_eq!(union.perch("commit 1 --output new.sb").status, 2);
    union.shell("setfattr -n trusted.overlay.redirect -v /x changes/1/changes/srv/log || python3 -c 'import os; os.setxattr(\"changes/1/changes/srv/log\", \"trusted.overlay.redirect\", b\"/x\")'").ok();
    assert_refused(
        &union.perch("commit 1 /srv --output old.sb --force --json"),
        1,
        "content-in-bundle",
    );
    // A full disk.
    union.shell("mkdir full; mount -t tmpfs -o size=64k none full; head -c 3000000 /dev/urandom > changes/1/changes/srv/web/random").ok();
    assert_refused(
        &union.perch("commit 1 /srv/web --output full/new.sb --json"),
        1,
        "program-failed",
    );
    assert_eq!(union.shell("ls -A full").ok(), "");
    assert_eq!(union.shell("cat old.sb").ok(), "old\n");
    union
        .perch("commit 1 /srv/web --output old.sb --force")
        .ok();
    assert_eq!(
        union
            .shell("head -c 4 old.sb; ls -A | grep perch || true")
            .ok(),
        "hsqs"
    );
    // Without the program.
    let hidden = "lowerdir=/usr/bin,upperdir=bin-upper,workdir=bin-work";
    union
        .shell(&format!(
            "mkdir bin-upper bin-work; mount -t overlay -o {hidden} none /usr/bin; rm /usr/bin/mksquashfs"
        ))
        .ok();
    let missing = union.perch("commit 1 /srv/web --output new.sb --json");
    assert_refused(&missing, 1, "program-missing");
    assert!(
        missing.err.contains("apt-get install squashfs-tools"),
        "{missing:?}"
    );
}
