//! Where other threads leave the ids of the promises that can continue, and the thread-safe function through which
//! the environment reads them.
//!
//! A thread-safe function that is called after its environment has ended ends the process on some versions of Node.
//! So it is called under a lock only. A cleanup hook removes it under that lock. The hook was registered after the
//! function, so it runs before the function ends.
//!
//! The ids have a lock of their own, which is free while the function is called: the call wakes the thread of the
//! environment, which may read the ids before the call returns.

use crate::queue::{Letters, Readiness, Unpark};
use crate::sync::lock;
use crate::threads::Thread;
use napi_sys as sys;
use std::ptr;
use std::sync::{Arc, Mutex};

/// The ids of promises that can continue, from any thread to one environment.
#[derive(Default)]
pub struct Mailbox {
    letters: Letters,
    /// None before the first promise, and after the environment has ended. To read the ids, the thread of the environment
    /// does not need this lock.
    function: Mutex<Option<ThreadsafeFunction>>,
}

/// A thread-safe function of Node-API.
#[derive(Clone, Copy)]
pub struct ThreadsafeFunction(pub sys::napi_threadsafe_function);

// SAFETY: a thread-safe function may be called from any thread for as long as its environment lives.
unsafe impl Send for ThreadsafeFunction {}

impl Mailbox {
    /// Leaves the id of a promise, which began after the mailbox was opened, and makes the environment read it.
    pub fn post(&self, number: u64) {
        self.letters.post(number, || self.ring());
    }

    /// Makes the environment look for ids, although there may be none.
    pub fn ring(&self) {
        let function = lock(&self.function);
        if let Some(function) = *function {
            // SAFETY: the function is alive, since it is removed under this lock.
            unsafe {
                sys::napi_call_threadsafe_function(
                    function.0,
                    ptr::null_mut(),
                    sys::ThreadsafeFunctionCallMode::nonblocking,
                )
            };
        }
    }

    /// Exchanges the ids that were left for an empty vector, whose room is used for the next.
    pub fn exchange(&self, numbers: Vec<u64>) -> Vec<u64> {
        self.letters.exchange(numbers)
    }

    /// Whether there are unread ids.
    pub fn has_letters(&self) -> bool {
        !self.letters.is_empty()
    }

    /// Makes `function` read the ids from here on.
    pub fn open(&self, function: ThreadsafeFunction) {
        *lock(&self.function) = Some(function);
    }

    /// Prevents all further calls of the function.
    pub fn close(&self) {
        *lock(&self.function) = None;
    }
}

/// The promises of one environment, as the threads that complete their waits see them: each by its id.
pub struct PromiseTarget {
    mailbox: Arc<Mailbox>,
    thread: Arc<Thread>,
}

impl PromiseTarget {
    /// The promises of `thread`, whose ids go to `mailbox`.
    pub fn new(mailbox: Arc<Mailbox>, thread: Arc<Thread>) -> Self {
        PromiseTarget { mailbox, thread }
    }
}

impl Unpark for PromiseTarget {
    fn unpark(&self, number: u64) {
        self.mailbox.post(number);
    }

    /// A promise does not block, so it is not part of a deadlock.
    fn interrupt(&self) {}

    /// While the thread is blocked, its event loop does not turn. A lock that was handed off to its promise would
    /// make the thread the owner of what it may be waiting for.
    fn readiness(&self) -> Readiness {
        if self.thread.is_blocked() {
            Readiness::ThreadBlocked
        } else {
            Readiness::Ready
        }
    }
}
