//! One virtual machine: a QEMU process with a console that is logged and a second serial port for commands.
//!
//! Only emulation (TCG) is used: it needs no rights and behaves the same everywhere. Nothing here knows perch.

mod agent;
mod machine;
mod qemu;
mod serial;

pub use agent::{Agent, Answer};
pub use machine::{Bus, Drive, Firmware, Kernel, Machine};
pub use qemu::{PACKAGES, Qemu};
pub use serial::Serial;
