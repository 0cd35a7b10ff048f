//! The questions at boot, as they are seen on a screen and answered at a keyboard.

use perch_tests::disk::{EXT4, Table};
use perch_tests::scenario::{Boot, PartSpec, Scenario};
use perch_tests::vm::Bus;
use serde_json::{Value, json};

use crate::metadata_text::{json_text, native, native_but, natives};

const TITLE: &str = "Which session do you want to open?";
const DOWN: &str = "\x1b[B";

/// Says of every console whether lines are edited and seen again, as before the question.
const COOKED: &str = "for tty in ttyS0 tty1; do \
    stty -a </dev/$tty 2>/dev/null | grep ' icanon' | grep -q ' echo ' && echo $tty; done";
const BOTH: &str = "ttyS0\ntty1";

fn two_sessions(name: &str) -> Scenario {
    Scenario::new(name)
        .store("session.json", natives("1", &["1", "2"]))
        .session("1")
        .session("2")
        .used("1", 1)
        .used("2", 2)
}

pub fn scenarios() -> Vec<Scenario> {
    vec![
        // Contract, check 36.
        Scenario::new("the list has the newest session first and nobody's answer is the default")
            .store("session.json", natives("1", &["1", "2"]))
            .session("1")
            .session("2")
            .session("3")
            .used("1", 2)
            .used("2", 1)
            .boot(
                Boot::with("perchdir=ask asktimeout=3")
                    .when_shown(&[
                        TITLE,
                        "New session",
                        "3  unknown",
                        "2  5.1.1",
                        "1 day ago",
                        "> *  1  5.1.1",
                        "2 days ago",
                        "Fresh start",
                        "Resuming session 1 in ",
                    ])
                    .expect_sh("cat /from", "1")
                    .in_session("1", "native")
                    .warned(&["nobody answered", "resume"]),
            )
            .store_sessions(&["1", "2", "3"]),
        // Check 37.
        Scenario::new(
            "a session of an older version is opened at one's own risk and keeps its version",
        )
        .store(
            "session.json",
            json_text("1", &[("1", native()), ("2", native_but("version", "5.0"))]),
        )
        .session("1")
        .session("2")
        .used("2", 1)
        .boot(
            Boot::with("perchdir=ask")
                .when_shown(&[TITLE, "> *  1", "#  2", "5.0"])
                .type_keys("2\r")
                .when_shown(&[
                    "does not fit",
                    "Version",
                    "5.1.1",
                    "5.0",
                    "Back",
                    "own risk",
                ])
                .type_keys("\r")
                .when_shown(&[TITLE, "> #  2"])
                .type_keys("\r")
                .when_shown(&["> Back"])
                .type_keys(DOWN)
                .when_shown(&["> Open it"])
                .type_keys("\r")
                .expect_sh("cat /from", "2")
                .in_session("2", "native")
                .warned(&["5.0", "5.1.1"]),
        )
        .store_json("session.json", "/sessions/2/version", "5.0")
        .store_json("session.json", "/default", "2"),
        // Check 38.
        two_sessions("a session keeps its mode when another one stands on the command line")
            .boot(
                Boot::with("perchdir=ask perchmode=raw")
                    .when_shown(&[TITLE, "*  1", "2  5.1.1"])
                    .type_keys("2\r\n")
                    .expect_sh("cat /from", "2")
                    .in_session("2", "native"),
            )
            .store_missing("2/changes.img"),
        // Check 39.
        Scenario::new("without a default the question is asked all the same")
            .store("session.json", {
                let mut metadata: Value =
                    serde_json::from_str(&natives("1", &["1"])).unwrap_or_default();
                metadata["default"] = json!(null);
                metadata.to_string()
            })
            .session("1")
            .boot(
                // Escape is no answer.
                Boot::with("perchdir=ask")
                    .when_shown(&[TITLE, "1  5.1.1"])
                    .type_keys("\x1b")
                    .when_shown(&[TITLE])
                    .type_keys("f")
                    .sh("test ! -e /from")
                    .boot_json("/outcome/status", "ram")
                    .console("chosen on ttyS0: a fresh start"),
            ),
        // Check 40: the kernel counts a line as console that the machine does not have.
        two_sessions("a machine without any console goes on with the default at once").boot(
            Boot::with("perchdir=ask")
                .consoles(&["ttyS3"])
                .expect_sh("cat /from", "1")
                .in_session("1", "native")
                .because(&["nobody can be asked"]),
        ),
        // Check 6.
        two_sessions("without a console a number without a session ends in RAM at once").boot(
            Boot::with("perchdir=5")
                .consoles(&["ttyS3"])
                .sh("test ! -e /from")
                .in_ram_instead()
                .because(&["session 5", "1 and 2"]),
        ),
        two_sessions("a machine with a screen and nobody before it goes on with the default").boot(
            Boot::with("perchdir=ask asktimeout=2")
                .consoles(&["tty0"])
                .when_on_screen(&[TITLE, "> *  1"])
                .expect_sh("cat /from", "1")
                .in_session("1", "native")
                .because(&["nobody answered"]),
        ),
        two_sessions("the keyboard answers while a serial line shows the same question").boot(
            Boot::with("perchdir=ask")
                .consoles(&["ttyS0", "tty0"])
                .when_shown(&[TITLE, "> *  1"])
                .when_on_screen(&[TITLE, "> *  1"])
                .press(&["down"])
                .when_shown(&[TITLE, ">    2"])
                .press(&["ret"])
                .expect_sh("cat /from", "2")
                .expect_sh(COOKED, BOTH)
                // The screen belongs to the boot again.
                .sh("! grep -q 'Which session' /dev/vcs1 /dev/vcs")
                .expect_sh("cut -f1 /proc/sys/kernel/printk", "4")
                .console("chosen on tty1: session 2"),
        ),
        two_sessions("a slow serial line answers while a screen shows the same question").boot(
            Boot::with("perchdir=ask asktimeout=4")
                .consoles(&["tty0", "ttyS0"])
                .when_on_screen(&[TITLE, "> *  1"])
                .when_shown(&[TITLE, "Resuming session 1 in "])
                .type_slowly(&["\x1b", "[B"], 20)
                .when_shown(&[TITLE, ">    2"])
                // The first key stopped the countdown: longer than that.
                .type_slowly(&[""], 4500)
                .type_keys("\r")
                .expect_sh("cat /from", "2")
                .expect_sh(COOKED, BOTH)
                .in_session("2", "native"),
        ),
        two_sessions("a new session is among the choices").boot(
            Boot::with("perchdir=ask")
                .when_shown(&[TITLE, "n  New session"])
                .type_keys("\x1bOA\x1bOA\r")
                .sh("test ! -e /from")
                .in_session("3", "native"),
        ),
        two_sessions("a number without a session asks where there is a console").boot(
            Boot::with("perchdir=5")
                .when_shown(&["There is no session 5", "*  1", "> f"])
                .type_keys("1\r")
                .expect_sh("cat /from", "1")
                .in_session("1", "native"),
        ),
        Scenario::new("a disk picked from the list holds the sessions")
            .second_disk(PartSpec::new(EXT4, "MYP", 16))
            .boot(
                Boot::with("perchdir=askdisk/work")
                    .when_shown(&["hold the sessions", "> vda", "vdb", "MYP"])
                    .type_keys(DOWN)
                    .when_shown(&["> vdb"])
                    .type_keys("\r")
                    .in_session("1", "native")
                    .boot_json("/facts/store/device", "vdb")
                    .console("chosen on ttyS0: /dev/vdb"),
            )
            .store_sessions(&[]),
        Scenario::new("a disk that appears while the list is on the screen joins it")
            .disk_of(Table::None, Bus::Usb, vec![PartSpec::new(EXT4, "LATE", 16)])
            .boot(
                Boot::with("perchdir=askdisk usb-storage.delay_use=5 asktimeout=0")
                    .when_shown(&["hold the sessions", "> vda"])
                    .when_shown(&["sda", "LATE", "> vda"])
                    // The list has the order of the search: the new one stands above.
                    .type_keys("\x1b[A")
                    .when_shown(&["> sda"])
                    .type_keys("\r")
                    .in_session("1", "native")
                    .boot_json("/facts/store/device", "sda"),
            ),
        Scenario::new("a disk picked for the system is asked for again if it has none")
            .second_disk(PartSpec::new(EXT4, "MYP", 16))
            .boot(
                Boot::with("from=askdisk perch")
                    .when_shown(&["holds the system", "> vda", "vdb"])
                    .type_keys(DOWN)
                    .when_shown(&["> vdb"])
                    .type_keys("\r")
                    .when_shown(&["no directory /minios"])
                    .when_shown(&["holds the system", "> vda"])
                    .type_keys("\r")
                    .in_session("1", "native"),
            ),
        thousand(),
    ]
}

/// The store of issue 3, "Done when".
fn thousand() -> Scenario {
    let ids: Vec<String> = (1..=1000).map(|id: u32| id.to_string()).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let mut scenario = Scenario::new("a thousand sessions are listed and the last one opens")
        .store("session.json", natives("1", &ids));
    for id in &ids {
        scenario = scenario.session(id);
    }
    scenario.boot(
        Boot::with("perchdir=ask")
            .when_shown(&[TITLE, "> *  1", "1001/1002"])
            .type_keys("1000\r")
            .expect_sh("cat /from", "1000")
            .in_session("1000", "native"),
    )
}
