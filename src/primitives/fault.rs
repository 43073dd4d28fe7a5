//! The faults of all primitives.

use crate::queue::CycleEdge;
use crate::threads::ThreadId;

/// Why an operation failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The caller does not own the lock. The named thread does.
    NotOwner(Option<ThreadId>),
    /// The calling thread owns the lock, but in the other way: by a guard, which alone can unlock it, or by itself
    /// where a guard was expected.
    WrongOwnerKind,
    /// The caller owns the lock already, and would wait for itself.
    Recursive,
    /// The caller waits for itself through this cycle, whose first edge is its own.
    Deadlock(Vec<CycleEdge>),
    /// This thread died while it owned the lock. None if the thread is no longer known, which happens to an RwLock
    /// after many threads died while they owned others.
    Abandoned(Option<ThreadId>),
    /// The barrier is broken.
    Broken,
    /// The time limit passed first. An operation that does not wait has the limit zero.
    TimedOut,
    /// One of the caller's cancels was aborted first.
    Cancelled,
    /// The cell holds a word that no primitive of this kind writes.
    Corrupt(u32),
    /// The runtime ended the wait: an exception is pending, or the thread is being terminated.
    Interrupted,
}

/// The result of an operation, for a caller that does not count a passed time limit as a fault: None if it passed.
pub fn in_time<T>(result: Result<T, Fault>) -> Result<Option<T>, Fault> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(Fault::TimedOut) => Ok(None),
        Err(fault) => Err(fault),
    }
}
