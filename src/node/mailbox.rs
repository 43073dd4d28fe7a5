//! Where other threads leave the numbers of the promises that are to go on, and the thread-safe function by which an
//! environment has them read.
//!
//! A thread-safe function that is called after its environment has ended ends the process on some versions of Node. So
//! it is called under the mailbox's lock only, and taken away under it by a cleanup hook that was registered after it,
//! and so runs before it ends.

use crate::queue::{Readiness, Unpark};
use crate::sync::lock;
use crate::threads::Thread;
use napi::sys;
use std::ptr;
use std::sync::{Arc, Mutex};

/// The numbers of promises to look at, from any thread to one environment.
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
    /// Leaves a number, and has the environment read it.
    pub fn post(&self, number: u64) {
        let mut letters = lock(&self.letters);
        let Some(function) = letters.function else {
            return;
        };
        letters.numbers.push(number);
        if letters.numbers.len() == 1 {
            // SAFETY: it lives: this is under the lock under which it is taken away.
            unsafe {
                sys::napi_call_threadsafe_function(
                    function.0,
                    ptr::null_mut(),
                    sys::ThreadsafeFunctionCallMode::nonblocking,
                )
            };
        }
    }

    /// Takes all numbers.
    pub fn take(&self) -> Vec<u64> {
        std::mem::take(&mut lock(&self.letters).numbers)
    }

    /// Whether there are any.
    pub fn has_letters(&self) -> bool {
        !lock(&self.letters).numbers.is_empty()
    }

    /// The function that has it read: none before it is opened and after it is closed.
    pub fn function(&self) -> Option<ThreadsafeFunction> {
        lock(&self.letters).function
    }

    /// Has numbers read by `function` from here on.
    pub fn open(&self, function: ThreadsafeFunction) {
        lock(&self.letters).function = Some(function);
    }

    /// Lets no other thread call the function any more.
    pub fn close(&self) {
        lock(&self.letters).function = None;
    }
}

/// The promises of one environment, as whoever settles their waits sees them: each by its number.
pub struct PromiseTarget {
    mailbox: Arc<Mailbox>,
    thread: Arc<Thread>,
}

impl PromiseTarget {
    /// The promises of `thread` whose numbers go to `mailbox`.
    pub fn new(mailbox: Arc<Mailbox>, thread: Arc<Thread>) -> Self {
        PromiseTarget { mailbox, thread }
    }
}

impl Unpark for PromiseTarget {
    fn unpark(&self, number: u64) {
        self.mailbox.post(number);
    }

    /// A promise does not block: it is part of no deadlock.
    fn interrupt(&self) {}

    /// While the thread is blocked, its event loop does not turn, and a lock that it was handed would make it the owner of
    /// what it may be waiting for.
    fn readiness(&self) -> Readiness {
        if self.thread.is_blocked() {
            Readiness::ThreadBlocked
        } else {
            Readiness::Ready
        }
    }
}
