//! One virtual machine: a QEMU process with a console that is logged and a second serial port for commands.
//!
//! Only emulation (TCG) is used: it needs no rights and behaves the same everywhere. Nothing here knows perch.

mod agent;
mod machine;
mod qemu;
mod serial;
mod vt;

pub use agent::{Agent, Answer};
pub use machine::{Bus, Drive, Firmware, Kernel, Machine};
pub use qemu::{PACKAGES, Qemu};
pub use serial::Serial;
pub use vt::Vt;

/// Whether `screen` shows all of `texts`, each behind the one before it.
fn in_order(screen: &str, texts: &[String]) -> bool {
    let mut rest = screen;
    texts
        .iter()
        .all(|text| match rest.split_once(text.as_str()) {
            Some((_, after)) => {
                rest = after;
                true
            }
            None => false,
        })
}
