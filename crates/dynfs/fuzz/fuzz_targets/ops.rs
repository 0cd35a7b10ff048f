//! Any sequence of operations, faults and cuts, against a disk beside it.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| dynfilefs::fuzzing::ops(data));
