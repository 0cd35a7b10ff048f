//! perch-init: the early-boot program.
fn main() {}
