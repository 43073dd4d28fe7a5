//! macOS: `os_sync_wait_on_address` on 14.4 and later, which is looked up at run time, and `__ulock_wait` on earlier
//! systems. Written against Apple's `<os/os_sync_wait_on_address.h>`; it has not been run.

use super::{Deadline, Futex, Wake};
use crate::sync::{AtomicU32, Ordering};
use std::ffi::{CStr, c_int, c_void};
use std::mem;
use std::sync::OnceLock;

/// A word that sleeps in the kernel's address wait.
pub struct Macos {
    word: AtomicU32,
}

/// `OS_CLOCK_MACH_ABSOLUTE_TIME`
const CLOCK_MACH_ABSOLUTE: u32 = 32;
/// `UL_COMPARE_AND_WAIT | ULF_NO_ERRNO`
const ULOCK_COMPARE_AND_WAIT: u32 = 0x0100_0001;
/// The longest single sleep of `__ulock_wait`, whose limit is 32 bits of microseconds. The caller loops.
const ULOCK_LONGEST: u64 = 1_000_000_000;

type WaitOnAddress = unsafe extern "C" fn(*mut c_void, u64, usize, u32) -> c_int;
type WaitWithTimeout = unsafe extern "C" fn(*mut c_void, u64, usize, u32, u32, u64) -> c_int;
type WakeByAddress = unsafe extern "C" fn(*mut c_void, usize, u32) -> c_int;

unsafe extern "C" {
    fn __ulock_wait(operation: u32, address: *mut c_void, value: u64, microseconds: u32) -> c_int;
    fn __ulock_wake(operation: u32, address: *mut c_void, wake_value: u64) -> c_int;
    fn clock_gettime_nsec_np(clock: libc::clockid_t) -> u64;
}

/// The calls of macOS 14.4.
struct AddressCalls {
    wait: WaitOnAddress,
    wait_with_timeout: WaitWithTimeout,
    wake: WakeByAddress,
}

impl AddressCalls {
    fn get() -> Option<&'static Self> {
        static CALLS: OnceLock<Option<AddressCalls>> = OnceLock::new();
        CALLS
            .get_or_init(|| {
                let wait = symbol(c"os_sync_wait_on_address")?;
                let wait_with_timeout = symbol(c"os_sync_wait_on_address_with_timeout")?;
                let wake = symbol(c"os_sync_wake_by_address_any")?;
                // SAFETY: the three symbols have these signatures in <os/os_sync_wait_on_address.h>.
                unsafe {
                    Some(AddressCalls {
                        wait: mem::transmute::<*mut c_void, WaitOnAddress>(wait),
                        wait_with_timeout: mem::transmute::<*mut c_void, WaitWithTimeout>(
                            wait_with_timeout,
                        ),
                        wake: mem::transmute::<*mut c_void, WakeByAddress>(wake),
                    })
                }
            })
            .as_ref()
    }
}

fn symbol(name: &CStr) -> Option<*mut c_void> {
    // SAFETY: `name` is a C string, and RTLD_DEFAULT searches what is loaded.
    let address = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) };
    (!address.is_null()).then_some(address)
}

impl Macos {
    fn address(&self) -> *mut c_void {
        self.word.as_ptr().cast()
    }

    fn sleep(&self, expected: u32, nanoseconds: Option<u64>) {
        let address = self.address();
        let size = mem::size_of::<u32>();
        // SAFETY: the word outlives each call, which borrows it; sizes and flags are as the header says.
        unsafe {
            match (AddressCalls::get(), nanoseconds) {
                (Some(calls), None) => (calls.wait)(address, u64::from(expected), size, 0),
                (Some(calls), Some(limit)) => (calls.wait_with_timeout)(
                    address,
                    u64::from(expected),
                    size,
                    0,
                    CLOCK_MACH_ABSOLUTE,
                    limit,
                ),
                (None, limit) => {
                    // Zero means no limit to __ulock_wait, so round up.
                    let microseconds =
                        limit.map_or(0, |ns| ns.min(ULOCK_LONGEST).div_ceil(1_000) as u32);
                    __ulock_wait(
                        ULOCK_COMPARE_AND_WAIT,
                        address,
                        u64::from(expected),
                        microseconds,
                    )
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
        // The clock decides, so that a sleep that ends early for any reason is never taken for a time-out.
        let remaining = deadline
            .as_nanoseconds()
            .saturating_sub(monotonic_nanoseconds());
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
            match AddressCalls::get() {
                Some(calls) => (calls.wake)(address, mem::size_of::<u32>(), 0),
                None => __ulock_wake(ULOCK_COMPARE_AND_WAIT, address, 0),
            };
        }
    }
}

pub(super) fn monotonic_nanoseconds() -> u64 {
    // SAFETY: takes a clock's number and nothing else. The uptime clock stands still in suspend, as the
    // timeouts of the address calls do.
    unsafe { clock_gettime_nsec_np(libc::CLOCK_UPTIME_RAW) }
}
