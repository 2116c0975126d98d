//! Any bytes as the rows of a CSV file.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| rust_daq_fuzz::read(b"timestamp,channel,value,unit", bytes));
