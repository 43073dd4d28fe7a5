//! Where other threads leave the ids of the promises that can continue, and the thread-safe function through which
//! the environment reads them.
//!
//! A thread-safe function that is called after its environment has ended ends the process on some versions of Node.
//! So it is called under the mailbox's lock only. A cleanup hook removes it under that lock. The hook was registered
//! after the function, so it runs before the function ends.

use crate::queue::{Readiness, Unpark};
use crate::sync::lock;
use crate::threads::Thread;
use napi_sys as sys;
use std::ptr;
use std::sync::{Arc, Mutex};

/// The ids of promises that can continue, from any thread to one environment.
#[derive(Default)]
pub struct Mailbox {
    letters: Mutex<Letters>,
}

#[derive(Default)]
struct Letters {
    /// None before the first promise, and after the environment has ended.
    function: Option<ThreadsafeFunction>,
    numbers: Vec<u64>,
}

/// A thread-safe function of Node-API.
#[derive(Clone, Copy)]
pub struct ThreadsafeFunction(pub sys::napi_threadsafe_function);

// SAFETY: a thread-safe function may be called from any thread for as long as its environment lives.
unsafe impl Send for ThreadsafeFunction {}

impl Mailbox {
    /// Leaves an id, and makes the environment read it.
    pub fn post(&self, number: u64) {
        let mut letters = lock(&self.letters);
        let Some(function) = letters.function else {
            return;
        };
        letters.numbers.push(number);
        if letters.numbers.len() == 1 {
            call(function);
        }
    }

    /// Makes the environment look for ids, although there may be none.
    pub fn ring(&self) {
        let letters = lock(&self.letters);
        if let Some(function) = letters.function {
            call(function);
        }
    }

    /// Exchanges the ids that were left for an empty vector, whose room is used for the next.
    pub fn exchange(&self, numbers: Vec<u64>) -> Vec<u64> {
        std::mem::replace(&mut lock(&self.letters).numbers, numbers)
    }

    /// Whether there are unread ids.
    pub fn has_letters(&self) -> bool {
        !lock(&self.letters).numbers.is_empty()
    }

    /// The function that makes the environment read the ids. None before it is opened and after it is closed.
    pub fn function(&self) -> Option<ThreadsafeFunction> {
        lock(&self.letters).function
    }

    /// Makes `function` read the ids from here on.
    pub fn open(&self, function: ThreadsafeFunction) {
        lock(&self.letters).function = Some(function);
    }

    /// Prevents all further calls of the function.
    pub fn close(&self) {
        lock(&self.letters).function = None;
    }
}

/// Calls the function of a mailbox whose lock is held.
fn call(function: ThreadsafeFunction) {
    // SAFETY: the function is alive, since it is removed under the lock that the caller holds.
    unsafe {
        sys::napi_call_threadsafe_function(
            function.0,
            ptr::null_mut(),
            sys::ThreadsafeFunctionCallMode::nonblocking,
        )
    };
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
