//! Threads of the addon, which never run a signal handler of the process. A handler could block such a thread, or
//! overflow its small stack.

#[cfg(all(unix, not(loom)))]
mod unix {
    use std::mem::MaybeUninit;
    use std::ptr;

    /// Calls `start` with all signals blocked. A thread that it starts keeps them blocked.
    pub fn without_signals<R>(start: impl FnOnce() -> R) -> R {
        let (mut all, mut before) = (MaybeUninit::uninit(), MaybeUninit::uninit());
        // SAFETY: sigfillset writes the set. pthread_sigmask reads that set and writes the previous one.
        unsafe {
            libc::sigfillset(all.as_mut_ptr());
            libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), before.as_mut_ptr());
        }
        // A new thread inherits the mask of the thread that starts it.
        let started = start();
        // SAFETY: the set was written above.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, before.as_ptr(), ptr::null_mut()) };
        started
    }
}

#[cfg(all(unix, not(loom)))]
pub use unix::without_signals;

/// Calls `start`. This system has no signals, and the models have none either.
#[cfg(any(not(unix), loom))]
pub fn without_signals<R>(start: impl FnOnce() -> R) -> R {
    start()
}
