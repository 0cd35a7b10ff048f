//! A wait for a device: announced once it takes longer than drivers need, and with an end.

use std::time::{Duration, Instant};

use perch_core::notice::Notice;
use perch_sys::kmsg;

use crate::hotplug::Hotplug;

/// The first seconds belong to drivers that are still at work: not worth a line.
const GRACE: Duration = Duration::from_secs(3);

/// One wait.
#[derive(Debug)]
pub struct Patience {
    target: String,
    wait: Duration,
    deadline: Instant,
    announced: bool,
}

impl Patience {
    /// Begins to wait for `target`, in words, `wait` at the most.
    pub fn new(target: String, wait: Duration) -> Self {
        Self {
            target,
            wait,
            deadline: Instant::now() + wait,
            announced: false,
        }
    }

    /// Whether it is over, whatever keeps happening to devices.
    pub fn is_over(&self) -> bool {
        Instant::now() >= self.deadline
    }

    /// Waits until block devices appear or change, and returns their names as [`Hotplug::wait`] does; `None`
    /// if nothing happened up to now.
    pub fn wait(&mut self, hotplug: &mut Hotplug) -> Option<Vec<String>> {
        let until = if self.announced {
            self.deadline
        } else {
            self.deadline.min(Instant::now() + GRACE)
        };
        let changed = hotplug.wait(until);
        if changed.is_none() && !self.announced && until < self.deadline {
            self.announced = true;
            kmsg::tell(Notice::Waiting {
                target: self.target.clone(),
                seconds: self.wait.as_secs(),
            });
        }
        changed
    }
}
