//! Any boot.json: refused, or explained.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| perch_sys::fuzzing::boot_json(data));
