#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| precis_fuzz::targets::plan(data));
