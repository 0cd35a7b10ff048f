//! systemd as process 1 of a host initramfs: its lines about slow jobs must not be written over a question.
//!
//! It writes none while somebody is asked for a password, and knows of that by a file (systemd's "Password Agents"
//! specification). Ours says that its time is over, so that no agent asks anything.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

/// There where systemd is process 1 (sd_booted(3)).
const RUNS: &str = "run/systemd/system";
const QUESTIONS: &str = "run/systemd/ask-password";
const QUESTION: &str = "run/systemd/ask-password/ask.perch";

/// Has systemd leave the consoles alone, if there is one; what fails costs a clean screen, no more.
pub(super) fn hold() {
    let _ = hold_in(Path::new("/"));
}

/// Ends what [`hold`] began, if it did.
pub(super) fn release() {
    let _ = fs::remove_file(Path::new("/").join(QUESTION));
}

fn hold_in(root: &Path) -> io::Result<()> {
    if !root.join(RUNS).is_dir() {
        return Ok(());
    }
    DirBuilder::new()
        .recursive(true)
        .mode(0o755)
        .create(root.join(QUESTIONS))?;
    // The time is in microseconds since the start of the kernel; the socket is required, and never used.
    let text = format!(
        "[Ask]\nPID={}\nSocket=/{QUESTIONS}/none\nAcceptCached=0\nEcho=0\nNotAfter=1\nMessage=a question of perch's own\n",
        std::process::id()
    );
    fs::write(root.join(QUESTION), text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_systemd_is_told() {
        let root = tempfile::tempdir().unwrap();
        hold_in(root.path()).unwrap();
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
        fs::create_dir_all(root.path().join(RUNS)).unwrap();
        hold_in(root.path()).unwrap();
        let text = fs::read_to_string(root.path().join(QUESTION)).unwrap();
        assert!(text.contains("\nNotAfter=1\n"), "{text}");
    }
}
