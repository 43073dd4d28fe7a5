//! The queues of waiters.
//!
//! The cells hold state only. The waiters stand here, in one process-wide table of FIFO queues keyed by address and
//! kind, as in WebKit's ParkingLot (`Source/WTF/wtf/ParkingLot.cpp`) and parking_lot_core. Each waiter receives an
//! [`Outcome`] of its own. So a wake-up can be passed on, and a barrier that broke can be told from one that was
//! passed.

mod context;
mod cycle;
mod dead_owners;
mod fifo;
mod guard;
mod key;
mod letters;
mod spin;
mod wait_graph;
mod waiter;

pub use context::{Cancelled, Cancels, Context, WakeReason};
pub use cycle::{CycleEdge, Holding};
pub use dead_owners::DeadOwner;
pub use guard::{QueueGuard, Releases, Sight};
pub use key::{Key, Kind};
pub use letters::Letters;
pub use spin::{Cooldown, MIN_SPIN_NS, back_off, spin_for, spin_until};
pub use wait_graph::{BlockedWait, CurrentWait, Labels, Named, Note, Registration, WaitGraph};
pub use waiter::{Access, Aim, Outcome, Owner, OwnerOf, Readiness, Requester, Unpark, Waiter};

use crate::sync::{AtomicBool, Mutex, Ordering, lock};
use crate::threads::Threads;
use crossbeam_utils::CachePadded;
use guard::{Bucket, LockedBucket};
use std::sync::Arc;

/// When a lock is handed off to the waiter at the front, instead of being released for all threads to compete for.
#[derive(Clone, Copy, Debug)]
pub struct HandOff {
    /// How long the waiter has waited, in nanoseconds, if it was woken before and overtaken.
    pub overtaken_after: u64,
    /// How long, if it was not overtaken. Such a waiter is waiting for a CPU: handing it the lock would not schedule
    /// it sooner.
    pub otherwise_after: u64,
    /// The least time between two hand-offs, in nanoseconds. Each costs a context switch during which the lock is
    /// owned but not used.
    pub min_interval: u64,
}

/// The process's threads, and the queues they wait in.
pub struct Queues {
    handoff: HandOff,
    threads: Threads,
    waits: WaitGraph,
    /// Whether the waits that last take notes, for the hang report.
    takes_notes: AtomicBool,
    /// The number of buckets is a power of two. Each is on a cache line of its own.
    buckets: Box<[CachePadded<Mutex<Bucket>>]>,
}

impl Queues {
    /// Queues hashed into `2^bits` buckets.
    pub fn new(bits: u32, handoff: HandOff) -> Self {
        Queues {
            handoff,
            threads: Threads::new(),
            waits: WaitGraph::new(),
            takes_notes: AtomicBool::new(false),
            buckets: (0..1_usize << bits)
                .map(|_| CachePadded::new(Mutex::new(Bucket::default())))
                .collect(),
        }
    }

    /// The threads of the process.
    pub fn threads(&self) -> &Threads {
        &self.threads
    }

    /// The waits that last.
    pub fn waits(&self) -> &WaitGraph {
        &self.waits
    }

    /// Makes the waits that last take notes, for the hang report.
    pub fn take_notes(&self) {
        self.takes_notes.store(true, Ordering::Relaxed);
    }

    fn takes_notes(&self) -> bool {
        self.takes_notes.load(Ordering::Relaxed)
    }

    /// What a waiter waits for looks like now. None if its wait is over.
    pub fn note(&self, waiter: &Arc<Waiter>) -> Option<Note> {
        // Moved to another queue in between, the waiter is not found.
        let key = waiter.key();
        let sight = self.lock(key).sight(key, waiter)?;
        let owner = waiter.owner_of(sight.word);
        Some(Note {
            sight,
            cpu_time: owner.and_then(|owner| self.threads.cpu_time(owner)),
        })
    }

    /// Locks the queue of `key`.
    pub fn lock(&self, key: Key) -> QueueGuard<'_> {
        QueueGuard::new(self, self.locked(self.index(key)), None)
    }

    /// Locks the queues of both keys. All callers lock buckets in the order of their indices, so they cannot
    /// deadlock.
    pub fn lock_pair(&self, a: Key, b: Key) -> QueueGuard<'_> {
        let (a, b) = (self.index(a), self.index(b));
        let (first, second) = (a.min(b), a.max(b));
        let bucket = self.locked(first);
        let other = (first != second).then(|| self.locked(second));
        QueueGuard::new(self, bucket, other)
    }

    /// Visits every queue that has waiters, with one bucket locked at a time. The waits that end there are completed after
    /// the visits of the bucket: the caller does not keep the memory of their cells.
    pub fn sweep(&self, mut visit: impl FnMut(&mut QueueGuard<'_>, Key)) {
        for index in 0..self.buckets.len() {
            let mut queue = QueueGuard::new(self, self.locked(index), None).completing_last();
            for key in queue.keys() {
                visit(&mut queue, key);
            }
        }
    }

    fn locked(&self, index: usize) -> LockedBucket<'_> {
        (index, lock(&self.buckets[index]))
    }

    /// Multiplicative hashing (Knuth, TAOCP 6.4): the upper bits of the product are the well mixed ones.
    fn index(&self, key: Key) -> usize {
        let hash = (key.address() as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        (hash >> 32) as usize & (self.buckets.len() - 1)
    }
}
