//! Sessions whose system does not come up, and those whose system never says so.

use perch_tests::base::Bundle;
use perch_tests::disk::{EXT4, Table};
use perch_tests::scenario::{Boot, Offline, PartSpec, Scenario, StoreAt};

const COME_UP: &str = "session 1 has come up, and is marked good";

/// The file in the session that hides the one of the bundles.
const HIDDEN: &str = "/run/initramfs/memory/data/minios/changes/1/changes";

/// Two sessions that came up; the first one is the default, and has no try left.
const TIRED: &str = r#"{
  "default": "1",
  "sessions": {
    "1": {"mode": "native", "version": "5.1.1", "edition": "standard", "union": "overlayfs", "tries": 3, "good": 2},
    "2": {"mode": "native", "version": "5.1.1", "edition": "standard", "union": "overlayfs", "good": 1}
  }
}"#;

/// A scenario whose system has the program `perch`.
fn reporting(name: &str) -> Scenario {
    Scenario::new(name).bundle(
        "minios/modules/20-perch.sb",
        Bundle::default().perch("bin/perch"),
    )
}

fn tries(scenario: Scenario, id: &str, tries: Option<u32>) -> Scenario {
    let pointer = format!("/sessions/{id}/tries");
    scenario.store_json(
        "session.json",
        &pointer,
        tries.map_or(serde_json::Value::Null, Into::into),
    )
}

/// A power cut before the system says anything, and an init that ends at once: the shell that is left takes a word of
/// the kernel's command line for its script. The boot itself has gone well each time.
fn removed_init() -> Scenario {
    let name = "a session without its init gives way at the fourth try, and comes back when it is repaired";
    let panics = || Boot::with("perch").stops_with(&["Attempted to kill init"]);
    let scenario = reporting(name)
        .only_overlayfs("the mark of a deleted file is removed")
        .boot(
            Boot::with("perch")
                .in_session("1", "native")
                .expect_sh("perch mark-good", COME_UP)
                .expect_sh("perch mark-good", "session 1 is marked good already"),
        )
        .store_json("session.json", "/sessions/1/good", 1);
    let scenario = tries(scenario, "1", None).boot(
        Boot::with("perch")
            .in_session("1", "native")
            .sh("rm /sbin/init; sync")
            .cut(),
    );
    // What the last two of the three wrote is in the journal, which only a kernel reads.
    let scenario = tries(scenario, "1", Some(1)).boot(panics()).boot(panics());
    let scenario = scenario.boot(
        Boot::with("perch")
            .in_ram_instead()
            .boot_json("/reasons/0/code", "tries-used-up")
            .warned(&[
                "session 1 was started 3 times",
                "did not come up",
                "changes stay in RAM",
            ])
            .warned(&["perchdir=1 opens it", "perch mark-good 1"])
            // What came up is the fallback.
            .expect_sh(
                "perch mark-good",
                "no session is open, so none is marked: changes stay in RAM",
            )
            .sh(&format!("rm {HIDDEN}/sbin/init")),
    );
    // It stays back, until somebody says otherwise.
    let scenario = tries(scenario, "1", Some(3))
        .boot(Boot::with("perch").in_ram_instead())
        .boot(
            Boot::with("perchdir=1")
                .in_session("1", "native")
                .boot_json("/decision/tries", 4)
                .because(&["session 1 was started 3 times"])
                .expect_sh("perch mark-good", COME_UP),
        );
    let scenario = tries(scenario, "1", None).boot(
        Boot::with("perch")
            .in_session("1", "native")
            .boot_json("/decision/tries", 1)
            .boot_json("/reasons/0/code", "default-resumed"),
    );
    tries(scenario, "1", Some(1))
}

fn last_good() -> Scenario {
    reporting(
        "a session that does not come up gives way to the last good one and stays the default",
    )
    .store("session.json", TIRED)
    .session("1")
    .session("2")
    .boot(
        Boot::with("perch")
            .in_session("2", "native")
            .boot_json("/decision/passed_over", "1")
            .warned(&[
                "session 1 was started 3 times",
                "session 2, the last one that came up",
            ])
            .expect_sh(
                "perch mark-good",
                "session 2 has come up, and is marked good",
            )
            .expect_sh("perch mark-good 1", "session 1 has all its tries again"),
    )
    .store_json("session.json", "/default", "1")
    .store_json("session.json", "/sessions/2/good", 3)
    .boot(
        Boot::with("perch")
            .in_session("1", "native")
            .not_because("was started"),
    )
}

fn never_reporting() -> Scenario {
    let cut = || {
        Boot::with("perch")
            .in_session("1", "native")
            .not_because("started")
            .cut()
    };
    let scenario = Scenario::new("a system that never says that it came up is not counted");
    let scenario = (0..4).fold(scenario, |scenario, _| scenario.boot(cut()));
    tries(scenario.boot(cut()).store_sessions(&["1"]), "1", None)
}

fn no_init_at_all() -> Scenario {
    let scenario =
        reporting("a session in which nothing can be started means RAM, and comes back by itself")
            .only_overlayfs("the mark of a deleted file is removed")
            .boot(
                Boot::with("perch")
                    .expect_sh("perch mark-good", COME_UP)
                    .sh("rm /sbin/init /bin/sh; sync")
                    .cut(),
            )
            .boot(
                Boot::with("perch")
                    .in_ram_instead()
                    .boot_json("/reasons/0/code", "session-without-init")
                    .warned(&["session 1 could not be started", "/sbin/init is not in it"])
                    .sh(&format!("rm {HIDDEN}/sbin/init {HIDDEN}/bin/sh")),
            );
    tries(scenario, "1", None)
        .boot(Boot::with("perch").in_session("1", "native"))
        .store_json(
            "session.json",
            "/sessions/1/failed",
            serde_json::Value::Null,
        )
}

fn wherever_it_is() -> Scenario {
    let good = |at: StoreAt, scenario: Scenario, id: &str, good: u32| {
        scenario.offline_at(
            at,
            Offline::Json {
                path: "session.json".into(),
                pointer: format!("/sessions/{id}/good"),
                value: good.into(),
            },
        )
    };
    let scenario = reporting("the running session is marked in a container, beside a system in RAM, on another partition")
        .table(Table::Gpt)
        .size_mib(400)
        .partition(PartSpec::new(EXT4, "WORK", 32))
        .boot(
            Boot::with("perch perchmode=dynfilefs perchsize=64")
                .in_session("1", "dynfilefs")
                .expect_sh("perch mark-good", COME_UP),
        )
        .boot(
            Boot::with("perchdir=new perchmode=raw perchsize=64 toram")
                .in_session("2", "raw")
                .expect_sh("perch mark-good", "session 2 has come up, and is marked good"),
        );
    let scenario = good(StoreAt::medium(), scenario, "1", 1);
    let scenario = good(StoreAt::medium(), scenario, "2", 2).boot(
        Boot::with("perchdir=label:WORK/deep/work")
            .in_session("1", "native")
            .expect_sh("perch mark-good", COME_UP)
            // In another root the record alone proves nothing.
            .sh("mkdir -p /tmp/c/bin /tmp/c/proc /tmp/c/run && cp /bin/perch /tmp/c/bin")
            .sh("mount -t proc proc /tmp/c/proc && mount --rbind /run /tmp/c/run")
            .expect_sh(
                "chroot /tmp/c /bin/perch mark-good 2>&1 | head -n 1",
                "error: /run/perch/boot.json tells of session 1, but this system does not run from it",
            )
            .sh("umount -l /tmp/c/run && umount /tmp/c/proc"),
    );
    good(StoreAt::new(0, 2, "deep/work"), scenario, "1", 1)
}

pub fn scenarios() -> Vec<Scenario> {
    vec![
        removed_init(),
        last_good(),
        never_reporting(),
        no_init_at_all(),
        wherever_it_is(),
    ]
}
