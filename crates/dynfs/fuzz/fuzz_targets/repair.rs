//! Any index: repaired, compacted and cut.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| dynfilefs::fuzzing::repair(data));
