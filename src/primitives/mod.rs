//! The primitives: one file each, with its word, its states and its protocol. `wait.rs` has what all waits repeat.
//!
//! A primitive is one cell, and a zeroed cell is a fresh primitive. A file here knows the queues. It knows nothing of
//! Node-API or the operating system.

#[cfg(all(test, not(loom)))]
mod arbitrary;
mod barrier;
mod cancel;
mod channel;
mod condition;
mod event;
mod fault;
mod latch;
mod mutex;
mod once;
mod rwlock;
mod select;
mod semaphore;
mod wait;

pub use barrier::{Arriving, Barrier, LastArrival, Phase};
pub use cancel::{Aborting, Abortion, Cancel, Registered, assert_not_cancelled};
pub use channel::{Channel, Look, Looking, Told};
pub use condition::{Condition, Notified, Waiting};
pub use event::{Awaiting, Event};
pub use fault::{Fault, in_time};
pub use latch::{Latch, Opening};
pub use mutex::{Hint, Holder, Locking, Mutex, Recovered};
pub use once::{Began, Once, Preparing, Progress};
pub use rwlock::{Entering, Inside, ReadCounts, Request, RwLock};
pub use select::{Selecting, Watched};
pub use semaphore::{Acquiring, Released, Semaphore};
pub use wait::Wait;

use crate::queue::{Kind, Queues};
use crate::threads::ThreadId;

/// Handles the death of a thread. First marks the thread dead, so that a thread which begins to wait from here on
/// sees it. Then sweeps the queues and ends the waits for what the dead thread owned. A waiter that checked before
/// the mark was queued before the sweep came to its bucket, so the sweep finds it.
pub fn thread_died(queues: &Queues, id: ThreadId) {
    queues.threads().retire(id);
    let mut conditions = Vec::new();
    queues.sweep(|queue, key| match key.kind() {
        Kind::Mutex => Mutex::new(key.cell()).grant_waiters(queues.threads(), queue),
        Kind::Condition => conditions.push(key),
        Kind::RwLock => RwLock::writer_died(key.cell(), id, queues.threads(), queue),
        Kind::Barrier | Kind::BarrierGate => Barrier::actor_died(key.cell(), id, queue),
        Kind::Channel => Channel::new(key.cell()).thread_died(queue),
        // It may have been told, and died before it looked.
        Kind::Select => select::tell_watchers(queue, key.cell()),
        Kind::Once => Once::new(key.cell()).runner_died(id, queues.threads(), queue),
        Kind::Event | Kind::Latch | Kind::Semaphore | Kind::Cancel => {}
    });
    for key in conditions {
        Condition::owner_died(key, id, queues);
    }
}
