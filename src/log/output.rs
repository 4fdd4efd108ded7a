use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};

static WRITTEN: AtomicU64 = AtomicU64::new(0);
static REFUSED: AtomicU64 = AtomicU64::new(0);

/// How many lines the system took, and how many it did not: the disk is full, or the reader has gone.
pub(super) fn counts() -> (u64, u64) {
    (WRITTEN.load(Ordering::Relaxed), REFUSED.load(Ordering::Relaxed))
}

/// The standard error. Never fails, and so the thread that writes to it has nothing to complain of.
pub(super) struct Output;

impl Write for Output {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.write_all(line).map(|()| line.len())
    }

    fn write_all(&mut self, line: &[u8]) -> io::Result<()> {
        let lines = if io::stderr().write_all(line).is_ok() { &WRITTEN } else { &REFUSED };
        lines.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
