//! Any bytes as a tar: an error, or entries that stay in their place.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| perch_manage::archive::fuzzing::archive(data));
