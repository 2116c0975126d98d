//! Any bytes as an Arrow stream, whose checksums are not looked at: they would stop all that is changed.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| rust_daq_fuzz::read(b"\xff\xff\xff\xff", bytes));
