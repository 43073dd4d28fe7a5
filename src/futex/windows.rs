//! Windows: `WaitOnAddress` and `WakeByAddressSingle` (Windows 8 and later). It has been run under Wine.

use super::{Deadline, Futex, Wake};
use crate::sync::{AtomicU32, Ordering};
use std::mem;
use std::sync::LazyLock;
use windows_sys::Win32::System::Performance::{QueryPerformanceCounter, QueryPerformanceFrequency};
use windows_sys::Win32::System::Threading::{INFINITE, WaitOnAddress, WakeByAddressSingle};

/// A word that sleeps in the system's address wait.
pub struct Windows {
    word: AtomicU32,
}

impl Futex for Windows {
    fn new(value: u32) -> Self {
        Windows {
            word: AtomicU32::new(value),
        }
    }

    fn word(&self) -> &AtomicU32 {
        &self.word
    }

    fn wait(&self, expected: u32, deadline: Option<Deadline>) -> Wake {
        let milliseconds = match deadline {
            None => INFINITE,
            Some(deadline) => {
                let remaining = deadline
                    .as_nanoseconds()
                    .saturating_sub(monotonic_nanoseconds());
                // Rounded up, and below INFINITE. The caller loops until the clock says that time is up.
                remaining.div_ceil(1_000_000).min(u64::from(INFINITE - 1)) as u32
            }
        };
        if milliseconds > 0 {
            // SAFETY: both addresses are of live 4-byte values for the whole call.
            unsafe {
                WaitOnAddress(
                    self.word.as_ptr().cast(),
                    (&raw const expected).cast(),
                    mem::size_of::<u32>(),
                    milliseconds,
                );
            }
        }
        let unchanged = self.word.load(Ordering::Acquire) == expected;
        if unchanged && deadline.is_some_and(|deadline| Deadline::now() >= deadline) {
            Wake::TimedOut
        } else {
            Wake::Woken
        }
    }

    fn wake(&self) {
        // SAFETY: waking takes an address and reads nothing through it.
        unsafe { WakeByAddressSingle(self.word.as_ptr().cast()) };
    }
}

/// How many ticks the counter makes in a second. It does not change while the system runs.
static FREQUENCY: LazyLock<u64> = LazyLock::new(|| {
    let mut frequency = 0;
    // SAFETY: a valid place for a 64-bit count. The call does not fail since Windows XP.
    unsafe { QueryPerformanceFrequency(&mut frequency) };
    frequency as u64
});

pub(super) fn monotonic_nanoseconds() -> u64 {
    let mut ticks = 0;
    // SAFETY: a valid place for a 64-bit count. The call does not fail since Windows XP.
    unsafe { QueryPerformanceCounter(&mut ticks) };
    // In two parts, so that 64 bits suffice for each frequency below 18 GHz.
    let (seconds, rest) = (ticks as u64 / *FREQUENCY, ticks as u64 % *FREQUENCY);
    seconds * 1_000_000_000 + rest * 1_000_000_000 / *FREQUENCY
}
