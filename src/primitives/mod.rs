//! The primitives: one file each, with its word, its states and its protocol.
//!
//! A primitive is one cell, and a zeroed cell is a fresh primitive. A file knows the queues and nothing of Node-API or
//! the operating system.

#[cfg(all(test, not(loom)))]
mod arbitrary;
mod barrier;
mod condition;
mod fault;
mod latch;
mod mutex;
mod rwlock;
mod semaphore;

pub use barrier::{Arriving, Barrier, Last, Phase};
pub use condition::{Condition, Notification, Waiting};
pub use fault::Fault;
pub use latch::{Latch, Opening};
pub use mutex::{Holder, Locking, Mutex, Recovered, Recovering, WaitResult};
pub use rwlock::{Entering, Held, Inside, Request, RwLock};
pub use semaphore::{Acquiring, Released, Semaphore};

use crate::futex::Deadline;
use crate::queue::{Begun, Context, Kind, Queues, Wait};
use crate::threads::ThreadId;

/// Blocks in the wait for a lock that `begin` begins. Where the thread seems to own the lock already, that may be a promise
/// of its own that was handed it and does not know yet: so it looks again while its promises are passed over.
fn block_in<W, T>(
    context: &Context,
    deadline: Option<Deadline>,
    begin: impl Fn() -> Begun<W>,
) -> Result<T, Fault>
where
    W: Wait<Output = Result<T, Fault>>,
{
    match begin() {
        Begun::Done(Err(Fault::Recursive)) => context.blocked(|| begin().block(context, deadline)),
        begun => begun.block(context, deadline),
    }
}

/// Tells the process that a thread has ended: marks it dead first, so that whoever begins to wait from here on sees
/// it, then tells those who wait already for what it owned. Whoever does neither began to wait in between, and was
/// found by the sweep.
pub fn thread_died(queues: &Queues, id: ThreadId) {
    queues.threads().retire(id);
    let mut conditions = Vec::new();
    queues.sweep(|section, key| match key.kind() {
        Kind::Mutex => Mutex::new(key.cell()).owner_died(id, queues.threads(), section),
        Kind::Condition => conditions.push(key),
        Kind::RwLock => RwLock::writer_died(key.cell(), id, queues.threads(), section),
        Kind::Barrier | Kind::BarrierGate => Barrier::actor_died(key.cell(), id, section),
        Kind::Latch | Kind::Semaphore => {}
    });
    for key in conditions {
        Condition::owner_died(key, id, queues);
    }
}
