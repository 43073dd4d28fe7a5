//! The calls of macOS.

use super::{
    AddressCalls, ReadClock, UPTIME_RAW, UlockWait, UlockWake, WaitOnAddress, WaitWithTimeout,
    WakeByAddress,
};
use std::ffi::{CStr, c_int, c_void};
use std::mem;
use std::sync::OnceLock;

unsafe extern "C" {
    fn __ulock_wait(operation: u32, address: *mut c_void, value: u64, microseconds: u32) -> c_int;
    fn __ulock_wake(operation: u32, address: *mut c_void, wake_value: u64) -> c_int;
    fn clock_gettime_nsec_np(clock: u32) -> u64;
}

pub const ULOCK_WAIT: UlockWait = __ulock_wait;
pub const ULOCK_WAKE: UlockWake = __ulock_wake;
const READ_CLOCK: ReadClock = clock_gettime_nsec_np;

/// The calls of macOS 14.4. None on earlier systems.
pub fn address_calls() -> Option<&'static AddressCalls> {
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

fn symbol(name: &CStr) -> Option<*mut c_void> {
    // SAFETY: `name` is a C string, and RTLD_DEFAULT searches what is loaded.
    let address = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) };
    (!address.is_null()).then_some(address)
}

pub fn monotonic_nanoseconds() -> u64 {
    // SAFETY: takes a clock's number and nothing else.
    unsafe { READ_CLOCK(UPTIME_RAW) }
}
