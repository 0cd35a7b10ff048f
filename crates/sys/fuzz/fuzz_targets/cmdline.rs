//! Any kernel line: a decision.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| perch_sys::fuzzing::cmdline(data));
