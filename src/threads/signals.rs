//! Threads of the package's own, which never run a signal handler of the process: it could block them, or run on too
//! little stack.

#[cfg(all(unix, not(loom)))]
mod unix {
    use std::mem::MaybeUninit;
    use std::ptr;

    /// Calls `start` with all signals blocked. A thread that it starts keeps them blocked.
    pub fn without_signals<R>(start: impl FnOnce() -> R) -> R {
        let (mut all, mut before) = (MaybeUninit::uninit(), MaybeUninit::uninit());
        // SAFETY: sigfillset writes the set that pthread_sigmask then reads, which writes the one from before.
        unsafe {
            libc::sigfillset(all.as_mut_ptr());
            libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), before.as_mut_ptr());
        }
        // A new thread has the mask of the one that starts it.
        let started = start();
        // SAFETY: the set was written above.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, before.as_ptr(), ptr::null_mut()) };
        started
    }
}

#[cfg(all(unix, not(loom)))]
pub use unix::without_signals;

/// Calls `start`: this system has no signals, nor have the models.
#[cfg(any(not(unix), loom))]
pub fn without_signals<R>(start: impl FnOnce() -> R) -> R {
    start()
}
