//! Ports for what cannot be started on port 0 and asked which one it got.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU16, Ordering};

/// Below the ports that Linux gives to whoever asks for any (from 32768 on): so that none of those takes one of these
/// between two starts of the same program.
const FIRST: u16 = 12_000;
const HOW_MANY: u16 = 20_000;

/// A port that nothing listens on, and that no other test of this run is given.
pub fn free() -> u16 {
    static GIVEN: AtomicU16 = AtomicU16::new(0);

    // Runs at the same time begin at different ones.
    let start = std::process::id() as u16 % HOW_MANY;
    loop {
        let number = GIVEN.fetch_add(1, Ordering::Relaxed);
        let port = FIRST + (start + number) % HOW_MANY;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
