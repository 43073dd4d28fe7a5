//! One wait: its requester, what it waits for, and how it ended.
//!
//! Orderings: `complete` stores `outcome` with release, and the waiter loads it with acquire. So the waiter sees what
//! the thread that completed its wait wrote before, `detail` and `completed_at` included, which need no ordering of
//! their own. `notify` stores `notified` with release, and its readers without the lock load it with acquire. The
//! other fields change under the lock of the bucket, which orders them.

use super::key::{Key, Kind};
use crate::cell::SharedWord;
use crate::futex::Deadline;
use crate::sync::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use crate::threads::{Thread, ThreadId};
use std::sync::Arc;
use std::sync::atomic::AtomicI64;

/// How a wait ended. The thread that completes it stores this for the waiter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The lock was free a moment ago: compete for it. With `more`, others wait behind, and the waiters bit of the
    /// cell is clear. The woken waiter restores it, or wakes the next waiter if it gives up.
    Retry {
        /// Whether others wait behind.
        more: bool,
    },
    /// The parties that stood at the barrier before have left: arrive at it.
    Arrive,
    /// The lock, the permits or the read were handed off: the waiter owns them.
    Granted,
    /// As `Granted`, and an owner before died: the waiter has to repair what it left.
    GrantedAbandoned,
    /// The event has happened: the barrier was passed, the latch opened.
    Passed,
    /// The barrier broke.
    Broken,
    /// The owner of the lock died while it owned it: this thread, if it is known.
    OwnerDied(Option<ThreadId>),
    /// The cell held this word, which no primitive writes.
    Corrupt(u32),
}

const PENDING: u32 = 0;
const RETRY: u32 = 1;
const GRANTED: u32 = 2;
const PASSED: u32 = 3;
const BROKEN: u32 = 4;
const OWNER_DIED: u32 = 5;
const CORRUPT: u32 = 6;
const GRANTED_ABANDONED: u32 = 7;
const ARRIVE: u32 = 8;

impl Outcome {
    /// The waiter is told to look whether there is something for it, and was given nothing.
    pub const LOOK: Self = Outcome::Retry { more: false };
    /// As [`Outcome::LOOK`], of a promise whose thread has resumed: others were told meanwhile, so it has no word that it
    /// would have to pass on.
    pub const LOOK_AGAIN: Self = Outcome::Retry { more: true };

    /// Whether it gives the waiter something that has to be passed on if the waiter does not use it: what it asked
    /// for, or the turn to compete for it.
    pub fn gives(self) -> bool {
        matches!(
            self,
            Outcome::Retry { .. } | Outcome::Granted | Outcome::GrantedAbandoned
        )
    }

    /// The tag of the outcome, and the thread, flag or word that belongs to it.
    fn encode(self) -> (u32, u32) {
        match self {
            Outcome::Retry { more } => (RETRY, u32::from(more)),
            Outcome::Arrive => (ARRIVE, 0),
            Outcome::Granted => (GRANTED, 0),
            Outcome::GrantedAbandoned => (GRANTED_ABANDONED, 0),
            Outcome::Passed => (PASSED, 0),
            Outcome::Broken => (BROKEN, 0),
            Outcome::OwnerDied(id) => (OWNER_DIED, id.map_or(0, ThreadId::get)),
            Outcome::Corrupt(word) => (CORRUPT, word),
        }
    }

    fn decode(tag: u32, detail: u32) -> Option<Self> {
        match tag {
            PENDING => None,
            RETRY => Some(Outcome::Retry { more: detail != 0 }),
            ARRIVE => Some(Outcome::Arrive),
            GRANTED => Some(Outcome::Granted),
            GRANTED_ABANDONED => Some(Outcome::GrantedAbandoned),
            PASSED => Some(Outcome::Passed),
            BROKEN => Some(Outcome::Broken),
            OWNER_DIED => Some(Outcome::OwnerDied(ThreadId::new(detail))),
            _ => Some(Outcome::Corrupt(detail)),
        }
    }
}

/// A waiter of a Condition that waits for its notification.
const NOT_NOTIFIED: u32 = 0;
/// A waiter that was notified together with all others that waited then.
const NOTIFIED_ALL: u32 = 1;
/// A waiter that was notified while others were not.
const NOTIFIED_ONE: u32 = 2;

/// When a waiter can use what it is granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// At once.
    Ready,
    /// Later: a blocked thread that checks for interrupts may be busy for long.
    Busy,
    /// At an unknown time: a promise whose thread is blocked. It counts as if it were not queued. When its thread
    /// resumes, that thread looks into the queue.
    ThreadBlocked,
}

/// What is woken: a blocked thread, or a promise.
pub trait Unpark: Send + Sync {
    /// Makes the waiter read its outcome. If waiters share the target, `token` says which. Called with no lock held.
    fn unpark(&self, token: u64);

    /// Makes a blocked thread check for a deadlock.
    fn interrupt(&self);

    /// When it can use what it is granted.
    fn readiness(&self) -> Readiness;
}

impl Unpark for Thread {
    fn unpark(&self, _token: u64) {
        Thread::unpark(self);
    }

    fn interrupt(&self) {
        #[cfg(not(loom))]
        if self.explored().is_some() {
            return Thread::unpark(self);
        }
        Thread::interrupt(self);
    }

    fn readiness(&self) -> Readiness {
        if self.is_checking_interrupts() {
            Readiness::Busy
        } else {
            Readiness::Ready
        }
    }
}

/// What waits, and may own: a thread that blocks, or a promise of a thread, later its guard.
#[derive(Clone)]
pub struct Requester {
    thread: ThreadId,
    target: Arc<dyn Unpark>,
    /// Which of the waiters that share the target.
    token: u64,
    promise: bool,
}

impl Requester {
    /// The calling thread.
    pub fn thread_of(thread: &Arc<Thread>) -> Self {
        Requester {
            thread: thread.id(),
            target: Arc::clone(thread) as Arc<dyn Unpark>,
            token: 0,
            promise: false,
        }
    }

    /// A promise that belongs to the calling thread, and that `target` wakes by its `token`.
    pub fn promise_of(thread: &Thread, target: Arc<dyn Unpark>, token: u64) -> Self {
        Requester {
            thread: thread.id(),
            target,
            token,
            promise: true,
        }
    }

    /// A requester that stands for the wait `main`, which is in no queue: a waiter of it completes `main` by
    /// [`Outcome::LOOK`] when it is completed itself.
    pub fn watcher_for(main: &Arc<Waiter>) -> Self {
        Requester {
            thread: main.requester.thread,
            target: Arc::clone(main) as Arc<dyn Unpark>,
            token: 0,
            promise: main.requester.promise,
        }
    }

    /// A guard of the calling thread, for an operation that does not wait.
    pub fn guard_of(thread: &Arc<Thread>) -> Self {
        Self::promise_of(thread, Arc::clone(thread) as Arc<dyn Unpark>, 0)
    }

    /// A promise of `thread` that `target` wakes.
    #[cfg(all(test, not(loom)))]
    pub(super) fn for_tests(thread: ThreadId, target: Arc<dyn Unpark>) -> Self {
        Requester {
            thread,
            target,
            token: 0,
            promise: true,
        }
    }

    /// The thread that waits, or that the waiting promise belongs to.
    pub fn thread(&self) -> ThreadId {
        self.thread
    }

    /// Whether it is a promise.
    pub fn is_promise(&self) -> bool {
        self.promise
    }
}

/// Who owns a lock, or asks for it. Each can release only what it owns itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// The thread itself.
    Thread(ThreadId),
    /// A guard of the thread: a promise was fulfilled with it.
    Guard(ThreadId),
}

impl Owner {
    /// The thread.
    pub fn id(self) -> ThreadId {
        match self {
            Owner::Thread(id) | Owner::Guard(id) => id,
        }
    }

    /// Whether it is a guard.
    pub fn is_guard(self) -> bool {
        matches!(self, Owner::Guard(_))
    }
}

impl From<&Requester> for Owner {
    /// Who owns what this requester is granted.
    fn from(requester: &Requester) -> Self {
        if requester.is_promise() {
            Owner::Guard(requester.thread())
        } else {
            Owner::Thread(requester.thread())
        }
    }
}

/// Reads the owner off the word of a lock: the thread that its waiters wait for.
pub type OwnerOf = fn(u32) -> Option<ThreadId>;

/// How a waiter is going to hold what it waits for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Access {
    /// Alone: there is no other way.
    #[default]
    Own,
    /// Together with others that read. It waits for a writer, and for the writers that are queued before it.
    Read,
    /// Alone. It waits for a writer or for all readers.
    Write,
}

/// What a waiter waits for, besides the event of its queue.
#[derive(Clone, Copy, Default)]
pub struct Aim {
    /// For a lock: how to read its owner. For a Condition: the owner of the mutex.
    pub owner_of: Option<OwnerOf>,
    /// For a Condition: the mutex that it has to lock again once it is notified.
    pub mutex: Option<SharedWord>,
    /// How it is going to hold the lock.
    pub access: Access,
    /// What the waiter asks for, if the waiters of one queue ask for different things. Its primitive interprets it.
    pub request: u32,
}

/// One wait, from the moment at which it enters a queue until it has ended.
///
/// All fields that change do so under the lock of the bucket of the queue in which the waiter stands. The outcome is
/// read without it.
pub struct Waiter {
    requester: Requester,
    key: Key,
    /// For a waiter of a Condition: the mutex that it has to lock again.
    mutex: Option<SharedWord>,
    /// How to read the owner of the lock that it waits for. For a waiter of a Condition: of the mutex.
    owner_of: Option<OwnerOf>,
    access: Access,
    /// What the waiter asks for, if the waiters of one queue ask for different things. Its primitive interprets it.
    request: u32,
    /// Its place in the queue. Read and written under the lock of the bucket alone, so it is not one of loom's
    /// atomics, which would only add steps to every model.
    ticket: AtomicI64,
    /// Whether a waiter of a Condition was notified. From then on it waits for its mutex, in the queue of the mutex.
    notified: AtomicU32,
    /// When it entered its queue, in nanoseconds on the monotonic clock.
    since: AtomicU64,
    /// Whether it was woken for a lock and overtaken.
    overtaken: AtomicBool,
    /// When its wait completed, on the same clock.
    completed_at: AtomicU64,
    /// The tag of the outcome, and below the detail that belongs to it.
    outcome: AtomicU32,
    detail: AtomicU32,
}

impl Waiter {
    /// A wait of `requester` at `key`, which begins now.
    pub fn new(requester: &Requester, key: Key, aim: Aim) -> Arc<Self> {
        let Aim {
            owner_of,
            mutex,
            access,
            request,
        } = aim;
        Arc::new(Waiter {
            requester: requester.clone(),
            key,
            mutex,
            owner_of,
            access,
            request,
            ticket: AtomicI64::new(0),
            notified: AtomicU32::new(NOT_NOTIFIED),
            since: AtomicU64::new(Deadline::now().as_nanoseconds()),
            overtaken: AtomicBool::new(false),
            completed_at: AtomicU64::new(0),
            outcome: AtomicU32::new(PENDING),
            detail: AtomicU32::new(0),
        })
    }

    /// The thread or promise that waits.
    pub fn requester(&self) -> &Requester {
        &self.requester
    }

    /// The thread that waits, or that the waiting promise belongs to.
    pub fn thread(&self) -> ThreadId {
        self.requester.thread
    }

    /// How it is going to hold what it waits for.
    pub fn access(&self) -> Access {
        self.access
    }

    /// What the waiter asks for. Its primitive interprets it.
    pub fn request(&self) -> u32 {
        self.request
    }

    /// The queue in which it stands, as long as the wait is not over.
    pub fn key(&self) -> Key {
        match self.mutex {
            Some(cell) if self.was_notified() => Key::new(cell, Kind::Mutex),
            _ => self.key,
        }
    }

    /// The cell at which the wait began. For a waiter of a Condition never that of the mutex.
    pub fn own_cell(&self) -> SharedWord {
        self.key.cell()
    }

    /// The mutex that a waiter of a Condition has to lock again.
    pub fn mutex(&self) -> Option<SharedWord> {
        self.mutex
    }

    /// Whether a waiter of a Condition was notified.
    pub fn was_notified(&self) -> bool {
        self.notified.load(Ordering::Acquire) != NOT_NOTIFIED
    }

    /// Whether a waiter of a Condition was notified while others were not.
    pub fn was_notified_one(&self) -> bool {
        self.notified.load(Ordering::Acquire) == NOTIFIED_ONE
    }

    /// The owner of the lock that it waits for. None for what has no owner, such as a Condition that has not notified
    /// it yet.
    pub fn owner(&self) -> Option<ThreadId> {
        self.owner_reader()?(self.key().cell().load())
    }

    /// The owner that a word of the lock that it waits for names.
    pub fn owner_of(&self, word: u32) -> Option<ThreadId> {
        self.owner_reader()?(word)
    }

    fn owner_reader(&self) -> Option<OwnerOf> {
        let waits_for_lock = self.mutex.is_none() || self.was_notified();
        self.owner_of.filter(|_| waits_for_lock)
    }

    /// When the wait began. For a waiter of a Condition that was notified: when it was notified.
    pub fn since(&self) -> Deadline {
        Deadline::from_nanoseconds(self.since.load(Ordering::Relaxed))
    }

    /// Whether it was woken for a lock and overtaken.
    pub fn was_overtaken(&self) -> bool {
        self.overtaken.load(Ordering::Relaxed)
    }

    /// When its wait completed, if it did.
    pub fn completed_at(&self) -> Deadline {
        Deadline::from_nanoseconds(self.completed_at.load(Ordering::Relaxed))
    }

    /// Whether the wait has ended.
    pub fn is_completed(&self) -> bool {
        self.outcome.load(Ordering::Acquire) != PENDING
    }

    /// How the wait ended. None as long as it goes on.
    pub fn outcome(&self) -> Option<Outcome> {
        let tag = self.outcome.load(Ordering::Acquire);
        Outcome::decode(tag, self.detail.load(Ordering::Relaxed))
    }

    /// When the waiter can use what it is granted.
    pub fn readiness(&self) -> Readiness {
        self.requester.target.readiness()
    }

    /// Whether the waiter can use what it is granted at once.
    pub fn is_ready(&self) -> bool {
        self.readiness() == Readiness::Ready
    }

    /// Its place in the queue. The caller holds the lock of that queue, or that of the records and the waiter has a
    /// record there: then it made the record after it took its place.
    pub fn ticket(&self) -> i64 {
        self.ticket.load(Ordering::Relaxed)
    }

    /// Sets its place. The caller holds the lock of the queue that it enters.
    pub(super) fn set_ticket(&self, ticket: i64) {
        self.ticket.store(ticket, Ordering::Relaxed);
    }

    /// Moves a waiter of a Condition to its mutex. The caller holds the locks of both queues.
    pub(super) fn notify(&self, notified_one: bool, now: Deadline) {
        self.since.store(now.as_nanoseconds(), Ordering::Relaxed);
        let notified = if notified_one {
            NOTIFIED_ONE
        } else {
            NOTIFIED_ALL
        };
        self.notified.store(notified, Ordering::Release);
    }

    /// Makes it a waiter of its Condition again. The caller holds the locks of both queues, and it stands in none.
    pub fn forget_notification(&self) {
        self.notified.store(NOT_NOTIFIED, Ordering::Release);
    }

    /// Notes that it was woken for a lock and overtaken. The caller holds the lock of its queue.
    pub fn note_overtaken(&self) {
        self.overtaken.store(true, Ordering::Relaxed);
    }

    /// Completes the wait. The caller holds the lock of the queue in which the waiter stood, if it stood in one.
    pub(super) fn complete(&self, outcome: Outcome, now: Deadline) {
        let (tag, detail) = outcome.encode();
        self.completed_at
            .store(now.as_nanoseconds(), Ordering::Relaxed);
        self.detail.store(detail, Ordering::Relaxed);
        self.outcome.store(tag, Ordering::Release);
    }

    /// Makes the wait pending again. The caller holds the lock of the queue that it enters.
    pub(super) fn rearm(&self) {
        self.outcome.store(PENDING, Ordering::Release);
    }

    /// Makes the waiter check for a deadlock.
    pub fn interrupt(&self) {
        self.requester.target.interrupt();
    }

    pub(super) fn unpark(&self) {
        self.requester.target.unpark(self.requester.token);
    }
}

/// A wait that stands in no queue, as the target of the waiters that watch for it. Several of them may complete it at
/// once, under the locks of different buckets: all of them store the same outcome.
impl Unpark for Waiter {
    fn unpark(&self, _token: u64) {
        self.complete(Outcome::LOOK, Deadline::now());
        Waiter::unpark(self);
    }

    fn interrupt(&self) {
        Waiter::interrupt(self);
    }

    fn readiness(&self) -> Readiness {
        Waiter::readiness(self)
    }
}
