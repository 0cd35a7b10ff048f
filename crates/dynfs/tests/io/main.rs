//! What requests cost: memory, and time.
#![cfg(feature = "files")]

mod flat;
mod speed;
mod steady;
