//! The futex that loom explores: a word, and loom's lock and condition variable. They make "compare, then sleep" one
//! step with respect to a wake, as the kernel does.

use super::{Deadline, Futex, Wake};
use crate::sync::{AtomicU32, Ordering, lock};
use loom::sync::{Condvar, Mutex};

/// A word that sleeps in loom's scheduler.
pub struct Model {
    word: AtomicU32,
    kernel: Mutex<()>,
    sleeper: Condvar,
}

impl Futex for Model {
    fn new(value: u32) -> Self {
        Model {
            word: AtomicU32::new(value),
            kernel: Mutex::new(()),
            sleeper: Condvar::new(),
        }
    }

    fn word(&self) -> &AtomicU32 {
        &self.word
    }

    /// A deadline of now times out at once, after every other thread had a chance to run. Since loom chooses which
    /// thread runs, that covers each moment at which a real wait could time out. A later deadline never comes.
    fn wait(&self, expected: u32, deadline: Option<Deadline>) -> Wake {
        if deadline == Some(Deadline::now()) {
            loom::thread::yield_now();
            return Wake::TimedOut;
        }
        let kernel = lock(&self.kernel);
        if self.word.load(Ordering::SeqCst) == expected {
            drop(self.sleeper.wait(kernel));
        }
        Wake::Woken
    }

    fn wake(&self) {
        drop(lock(&self.kernel));
        self.sleeper.notify_one();
    }
}
