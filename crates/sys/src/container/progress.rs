//! Telling the user, on a quiet boot too, that something long is still going on.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::kmsg;

/// How often.
const EVERY: Duration = Duration::from_secs(5);

/// Does `work`; while it lasts, every few seconds the consoles show `what` and for how long.
pub(crate) fn telling<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let (done, wait) = channel::<()>();
    thread::scope(|scope| {
        // Without a thread the work is done all the same, in silence.
        let _ = thread::Builder::new().spawn_scoped(scope, move || {
            while let Err(RecvTimeoutError::Timeout) = wait.recv_timeout(EVERY) {
                let seconds = started.elapsed().as_secs();
                kmsg::announce(&[format!("{what}: {seconds} s so far, please wait")]);
            }
        });
        let result = work();
        drop(done);
        result
    })
}
