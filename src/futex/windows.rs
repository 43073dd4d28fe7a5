//! Windows: `WaitOnAddress` and `WakeByAddressSingle` (Windows 8 and later). Written against Microsoft's
//! documentation; it has not been run.

use super::{Deadline, Futex, Wake};
use crate::sync::{AtomicU32, Ordering};
use std::mem;
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

pub(super) fn monotonic_nanoseconds() -> u64 {
    let (mut ticks, mut frequency) = (0_i64, 0_i64);
    // SAFETY: both are valid places for a 64-bit count; neither call fails since Windows XP.
    unsafe {
        QueryPerformanceCounter(&mut ticks);
        QueryPerformanceFrequency(&mut frequency);
    }
    (ticks as u128 * 1_000_000_000 / frequency as u128) as u64
}
