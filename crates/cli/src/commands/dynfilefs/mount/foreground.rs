//! A mount that ends with the program: the server is a process of its own even so.

use std::os::fd::AsFd;
use std::path::Path;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;

use crate::commands::dynfilefs::umount::{self, handle};
use crate::error::Error;
use crate::interrupt::Signals;
use crate::output::Output;

/// Waits until somebody unmounts it, or wants this program to end and nobody uses it.
pub(super) fn stay(target: &Path, server: u32, output: &Output) -> Result<(), Error> {
    let wait = |source| Error::Wait { source };
    let Some(handle) = handle(server) else {
        return Ok(());
    };
    let mut signals = Signals::watch().map_err(wait)?;
    loop {
        let mut fds = [
            PollFd::new(&handle, PollFlags::IN),
            PollFd::from_borrowed_fd(signals.as_fd(), PollFlags::IN),
        ];
        // It lasts as long as people want it.
        match poll(&mut fds, None) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(wait(error.into())),
        }
        if fds.first().is_some_and(|fd| !fd.revents().is_empty()) {
            return Ok(());
        }
        if signals.take() {
            match umount::end(target) {
                Ok(()) => {}
                Err(error @ Error::Busy { .. }) => {
                    output.notice(format!("{error}; it stays mounted until that ends"));
                }
                Err(error) => return Err(error),
            }
        }
    }
}
