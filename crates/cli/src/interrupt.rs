//! Ctrl-C: work is asked to stop at its next safe point.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;

/// Whether somebody wants the program to end.
#[derive(Debug, Clone, Default)]
pub(crate) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// From now on SIGINT, SIGTERM and SIGHUP are only noted. A second one ends the program at once, in case the
    /// medium hangs: everything that is done to a container can be cut anywhere.
    pub(crate) fn watch() -> Self {
        let asked = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            // If this fails the first signal ends the program, which is safe too.
            let _ = flag::register_conditional_shutdown(signal, 1, Arc::clone(&asked))
                .and_then(|_| flag::register(signal, Arc::clone(&asked)));
        }
        Self(asked)
    }

    /// Whether a signal came.
    pub(crate) fn is_asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
