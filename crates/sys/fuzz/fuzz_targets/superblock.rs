//! Any disk: nothing, or a file system.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| perch_sys::fuzzing::superblock(data));
