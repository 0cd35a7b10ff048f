//! Any session.json: every directory is a session.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| perch_sys::fuzzing::session_json(data));
