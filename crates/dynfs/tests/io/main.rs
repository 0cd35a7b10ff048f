//! What requests cost: memory, and time.
#![cfg(feature = "files")]

mod bounds;
mod flat;
mod speed;
mod steady;
