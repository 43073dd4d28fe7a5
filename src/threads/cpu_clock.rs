//! How much CPU a thread has used, as any thread of the process can ask.

#[cfg(all(target_os = "linux", not(loom)))]
mod system {
    /// The clock of a thread: the kernel's number for it.
    pub struct CpuClock(libc::clockid_t);

    impl CpuClock {
        pub fn of_this_thread() -> Option<Self> {
            let mut clock = 0;
            // SAFETY: the calling thread, and a valid place.
            let status = unsafe { libc::pthread_getcpuclockid(libc::pthread_self(), &mut clock) };
            (status == 0).then_some(CpuClock(clock))
        }

        pub fn nanoseconds(&self) -> Option<u64> {
            let mut time = libc::timespec {
                tv_sec: 0,
                tv_nsec: 0,
            };
            // SAFETY: a valid place. For a thread that has ended the call fails.
            let status = unsafe { libc::clock_gettime(self.0, &mut time) };
            (status == 0).then(|| time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64)
        }
    }
}

#[cfg(all(target_os = "macos", not(loom)))]
mod system {
    use std::mem::MaybeUninit;

    /// The port of a thread.
    pub struct CpuClock(libc::mach_port_t);

    impl CpuClock {
        pub fn of_this_thread() -> Option<Self> {
            // SAFETY: the calling thread. The port belongs to the thread, and is not given back.
            Some(CpuClock(unsafe {
                libc::pthread_mach_thread_np(libc::pthread_self())
            }))
        }

        pub fn nanoseconds(&self) -> Option<u64> {
            let mut info = MaybeUninit::<libc::thread_basic_info>::zeroed();
            let mut count = libc::THREAD_BASIC_INFO_COUNT;
            // SAFETY: the place has the length that is passed. For a thread that has ended the call fails.
            let status = unsafe {
                libc::thread_info(
                    self.0,
                    libc::THREAD_BASIC_INFO as libc::thread_flavor_t,
                    info.as_mut_ptr().cast(),
                    &mut count,
                )
            };
            // SAFETY: all bits zero is a valid value, and the call has written one.
            let info = unsafe { info.assume_init() };
            let nanoseconds = |time: libc::time_value_t| {
                time.seconds as u64 * 1_000_000_000 + time.microseconds as u64 * 1_000
            };
            (status == libc::KERN_SUCCESS)
                .then(|| nanoseconds(info.user_time) + nanoseconds(info.system_time))
        }
    }
}

#[cfg(all(windows, not(loom)))]
mod system {
    use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
    use windows_sys::Win32::Foundation::FILETIME;
    use windows_sys::Win32::System::Threading::{
        GetCurrentThreadId, GetThreadTimes, OpenThread, THREAD_QUERY_LIMITED_INFORMATION,
    };

    /// A handle of a thread.
    pub struct CpuClock(OwnedHandle);

    impl CpuClock {
        pub fn of_this_thread() -> Option<Self> {
            // SAFETY: takes numbers.
            let handle =
                unsafe { OpenThread(THREAD_QUERY_LIMITED_INFORMATION, 0, GetCurrentThreadId()) };
            // SAFETY: the handle was just opened, and nothing else owns it.
            (!handle.is_null()).then(|| CpuClock(unsafe { OwnedHandle::from_raw_handle(handle) }))
        }

        pub fn nanoseconds(&self) -> Option<u64> {
            let [mut created, mut ended, mut kernel, mut user] = [FILETIME::default(); 4];
            // SAFETY: an open handle, and valid places.
            let status = unsafe {
                GetThreadTimes(
                    self.0.as_raw_handle(),
                    &mut created,
                    &mut ended,
                    &mut kernel,
                    &mut user,
                )
            };
            // In units of 100 ns.
            let nanoseconds = |time: FILETIME| {
                (u64::from(time.dwHighDateTime) << 32 | u64::from(time.dwLowDateTime)) * 100
            };
            (status != 0).then(|| nanoseconds(kernel) + nanoseconds(user))
        }
    }
}

#[cfg(loom)]
mod system {
    /// The models know no time.
    pub struct CpuClock;

    impl CpuClock {
        pub fn of_this_thread() -> Option<Self> {
            None
        }

        pub fn nanoseconds(&self) -> Option<u64> {
            None
        }
    }
}

/// The CPU clock of one thread.
pub struct CpuClock(system::CpuClock);

impl CpuClock {
    /// The clock of the calling thread. None if the system does not give it.
    pub fn of_this_thread() -> Option<Self> {
        system::CpuClock::of_this_thread().map(CpuClock)
    }

    /// How much CPU the thread has used since it began, in nanoseconds. None if it has ended.
    pub fn nanoseconds(&self) -> Option<u64> {
        self.0.nanoseconds()
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;
    use std::time::{Duration, Instant};

    #[test]
    fn another_thread_sees_what_a_thread_has_used_and_that_it_sleeps() {
        let ((sender, receiver), (quit, stay)) = (channel(), channel::<()>());
        let thread = std::thread::spawn(move || {
            let start = Instant::now();
            while start.elapsed() < Duration::from_millis(50) {}
            sender.send(CpuClock::of_this_thread().unwrap()).unwrap();
            stay.recv().ok();
        });
        let clock = receiver.recv().unwrap();
        let used = clock.nanoseconds().unwrap();
        // A busy machine gives the thread less than it asked for.
        assert!(used > 1_000_000, "{used}");
        std::thread::sleep(Duration::from_millis(50));
        assert!(clock.nanoseconds().unwrap() < used + 25_000_000);
        drop(quit);
        thread.join().unwrap();
    }
}
