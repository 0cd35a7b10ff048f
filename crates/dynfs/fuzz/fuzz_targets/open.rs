//! Any files: an error or a disk.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| dynfilefs::fuzzing::open(data));
