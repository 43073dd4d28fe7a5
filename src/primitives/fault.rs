//! What can be wrong, for every primitive.

use crate::queue::CycleEdge;
use crate::threads::ThreadId;

/// Why an operation failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The caller does not own the lock; the one named does.
    NotOwner(Option<ThreadId>),
    /// The calling thread owns the lock, but not in this way: by a guard, which alone can unlock it, or by itself where a
    /// guard was to.
    WrongOwnerKind,
    /// The caller owns the lock already, and would wait for itself.
    Recursive,
    /// The caller waits, in this circle, for itself: it is the first link.
    Deadlock(Vec<CycleEdge>),
    /// The lock's owner died holding it: this thread. None where only that is known: of an RwLock, after many threads have
    /// died inside of others.
    Abandoned(Option<ThreadId>),
    /// The barrier is broken.
    Broken,
    /// The time limit passed, where that is a fault.
    TimedOut,
    /// The cell holds what no primitive of this kind writes.
    Corrupt(u32),
    /// The runtime ends the wait: an exception is pending, or the thread is being terminated.
    Interrupted,
}
