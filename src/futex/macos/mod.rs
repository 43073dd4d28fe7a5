//! macOS: `os_sync_wait_on_address` on 14.4 and later, which is looked up at run time, and `__ulock_wait` on earlier
//! systems. It has been compiled for macOS, and not run there. The tests hold its constants and types against what Apple
//! publishes (`facts.txt`), and run all but the system's calls on Linux, against a stand-in of them.

#[cfg(all(test, not(target_os = "macos")))]
mod stand_in;
#[cfg(target_os = "macos")]
mod system;
#[cfg(test)]
mod tests;

#[cfg(all(test, not(target_os = "macos")))]
use stand_in as system;
#[cfg(target_os = "macos")]
pub(super) use system::monotonic_nanoseconds;

use super::{Deadline, Futex, Wake};
use crate::sync::{AtomicU32, Ordering};
use std::ffi::{c_int, c_void};
use std::mem;

/// `OS_CLOCK_MACH_ABSOLUTE_TIME`
const CLOCK_MACH_ABSOLUTE: u32 = 32;
/// `UL_COMPARE_AND_WAIT | ULF_NO_ERRNO`
const ULOCK_COMPARE_AND_WAIT: u32 = 0x0100_0001;
/// `CLOCK_UPTIME_RAW`. It stands still in suspend, as the time limits of these calls do.
const UPTIME_RAW: u32 = 8;
/// The longest single sleep of `__ulock_wait`, whose limit is 32 bits of microseconds. The caller loops.
const ULOCK_LONGEST: u64 = 1_000_000_000;

type WaitOnAddress = unsafe extern "C" fn(*mut c_void, u64, usize, u32) -> c_int;
type WaitWithTimeout = unsafe extern "C" fn(*mut c_void, u64, usize, u32, u32, u64) -> c_int;
type WakeByAddress = unsafe extern "C" fn(*mut c_void, usize, u32) -> c_int;
type UlockWait = unsafe extern "C" fn(u32, *mut c_void, u64, u32) -> c_int;
type UlockWake = unsafe extern "C" fn(u32, *mut c_void, u64) -> c_int;
type ReadClock = unsafe extern "C" fn(u32) -> u64;

/// The calls of macOS 14.4.
struct AddressCalls {
    wait: WaitOnAddress,
    wait_with_timeout: WaitWithTimeout,
    wake: WakeByAddress,
}

/// A word that sleeps in the kernel's address wait.
pub struct Macos {
    word: AtomicU32,
}

impl Macos {
    fn address(&self) -> *mut c_void {
        self.word.as_ptr().cast()
    }

    fn sleep(&self, expected: u32, nanoseconds: Option<u64>) {
        let address = self.address();
        let size = mem::size_of::<u32>();
        let value = u64::from(expected);
        // SAFETY: the word outlives each call, which borrows it; sizes and flags are as the header says.
        unsafe {
            match (system::address_calls(), nanoseconds) {
                (Some(calls), None) => (calls.wait)(address, value, size, 0),
                (Some(calls), Some(limit)) => {
                    (calls.wait_with_timeout)(address, value, size, 0, CLOCK_MACH_ABSOLUTE, limit)
                }
                (None, limit) => {
                    // Zero means no limit to __ulock_wait, so round up.
                    let microseconds =
                        limit.map_or(0, |ns| ns.min(ULOCK_LONGEST).div_ceil(1_000) as u32);
                    (system::ULOCK_WAIT)(ULOCK_COMPARE_AND_WAIT, address, value, microseconds)
                }
            };
        }
    }
}

impl Futex for Macos {
    fn new(value: u32) -> Self {
        Macos {
            word: AtomicU32::new(value),
        }
    }

    fn word(&self) -> &AtomicU32 {
        &self.word
    }

    fn wait(&self, expected: u32, deadline: Option<Deadline>) -> Wake {
        let Some(deadline) = deadline else {
            self.sleep(expected, None);
            return Wake::Woken;
        };
        // The clock decides, so that a sleep that ends early for any reason is never taken for a time-out. A limit of
        // zero would be an error on 14.4.
        let remaining = deadline
            .as_nanoseconds()
            .saturating_sub(Deadline::now().as_nanoseconds());
        if remaining > 0 && self.word.load(Ordering::Acquire) == expected {
            self.sleep(expected, Some(remaining));
        }
        if self.word.load(Ordering::Acquire) == expected && Deadline::now() >= deadline {
            Wake::TimedOut
        } else {
            Wake::Woken
        }
    }

    fn wake(&self) {
        let address = self.address();
        // SAFETY: waking takes an address and reads nothing through it.
        unsafe {
            match system::address_calls() {
                Some(calls) => (calls.wake)(address, mem::size_of::<u32>(), 0),
                None => (system::ULOCK_WAKE)(ULOCK_COMPARE_AND_WAIT, address, 0),
            };
        }
    }
}
