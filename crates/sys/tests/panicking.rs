//! A program of its own, since it is about every terminal that the program holds.

use std::fs;
use std::os::unix::fs::symlink;

use perch_sys::console::{Terminals, restore_all};
use rustix::fs::{Mode, OFlags, open};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, tcgetattr};

#[test]
fn a_panic_in_the_middle_of_a_question_leaves_no_raw_terminal() {
    let dir = tempfile::tempdir().unwrap();
    let console = dir.path().join("class/tty/console");
    fs::create_dir_all(&console).unwrap();
    fs::write(console.join("active"), "ttyS0\n").unwrap();
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let terminal = ptsname(&master, Vec::new()).unwrap();
    symlink(terminal.to_str().unwrap(), dir.path().join("ttyS0")).unwrap();
    let own = open(
        terminal.as_c_str(),
        OFlags::RDWR | OFlags::NOCTTY,
        Mode::empty(),
    )
    .unwrap();
    let cooked = || {
        let modes = tcgetattr(&own).unwrap().local_modes;
        modes.contains(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG)
    };

    let terminals = Terminals::open_in(dir.path(), dir.path());
    assert!(!terminals.is_empty() && !cooked());
    // With panic=abort the hook is all that runs: nothing is dropped.
    restore_all();
    assert!(cooked());
    std::mem::forget(terminals);
}
