//! Any index of modules: each once, in order.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| perch_sys::fuzzing::modules(data));
