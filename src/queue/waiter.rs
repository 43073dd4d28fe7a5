//! One wait: who waits, for what, and how it ended.

use super::key::{Key, Kind};
use crate::cell::SharedWord;
use crate::futex::Deadline;
use crate::sync::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use crate::threads::{Thread, ThreadId};
use std::sync::Arc;
use std::sync::atomic::AtomicI64;

/// How a wait ended, as the one who ended it tells the waiter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The lock was free a moment ago: compete for it. With `more`, others wait behind, and the waiters bit of
    /// the cell is clear: the woken one restores it, or wakes the next when it gives up.
    Retry {
        /// Whether others wait behind.
        more: bool,
    },
    /// The lock was handed over: it is the waiter's.
    Granted,
    /// As above, and its owner before died: whoever has it now takes care of what that one left.
    GrantedAbandoned,
    /// What was waited for has happened: the barrier was passed, the latch opened.
    Passed,
    /// The barrier broke.
    Broken,
    /// The lock's owner died holding it: this thread, where it is known.
    OwnerDied(Option<ThreadId>),
    /// The cell held this, which no primitive writes.
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

impl Outcome {
    /// What it is, and the thread, flag or word that belongs to it.
    fn encode(self) -> (u32, u32) {
        match self {
            Outcome::Retry { more } => (RETRY, u32::from(more)),
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
            GRANTED => Some(Outcome::Granted),
            GRANTED_ABANDONED => Some(Outcome::GrantedAbandoned),
            PASSED => Some(Outcome::Passed),
            BROKEN => Some(Outcome::Broken),
            OWNER_DIED => Some(Outcome::OwnerDied(ThreadId::new(detail))),
            _ => Some(Outcome::Corrupt(detail)),
        }
    }
}

/// A Condition's waiter that waits for its notification.
const NOT_NOTIFIED: u32 = 0;
/// One that was notified with everybody else who waited then.
const NOTIFIED: u32 = 1;
/// One that was notified while others were not.
const CHOSEN: u32 = 2;

/// Whether somebody who waits can use what it is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// At once.
    Ready,
    /// In a while: a blocked thread that serves its runtime may be busy with that for long.
    Busy,
    /// Nobody knows when: a promise whose thread is blocked. It is as if it were not queued until its thread goes on,
    /// which sees to the queue then.
    ThreadBlocked,
}

/// Whoever waits: a blocked thread, or a promise.
pub trait Unpark: Send + Sync {
    /// Makes the waiter look at its outcome: of many that share the target, the one of that token. Called with no lock held.
    fn unpark(&self, token: u64);

    /// Makes a blocked thread look whether it is part of a deadlock by now.
    fn interrupt(&self);

    /// Whether it can use what it is given.
    fn readiness(&self) -> Readiness;
}

impl Unpark for Thread {
    fn unpark(&self, _token: u64) {
        self.parker().unpark();
    }

    fn interrupt(&self) {
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

/// Who waits: a thread that blocks, or a promise of its.
#[derive(Clone)]
pub struct Requester {
    thread: ThreadId,
    target: Arc<dyn Unpark>,
    /// Which of those that the target wakes.
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

    /// A guard of the calling thread, for what takes no waiting.
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

/// Reads the owner off the word of a lock: whom its waiters wait for.
pub type OwnerOf = fn(u32) -> Option<ThreadId>;

/// One wait, from the moment it enters a queue until it ended.
///
/// All fields that change do so under the lock of the bucket of the queue that the waiter stands in; the outcome is
/// read without it.
pub struct Waiter {
    requester: Requester,
    key: Key,
    /// For a Condition's waiter: the mutex that it has to lock again.
    mutex: Option<SharedWord>,
    /// How to read who owns the lock that it waits for, or for a Condition's waiter the mutex.
    owner_of: Option<OwnerOf>,
    /// What it asks for, where waiters of one queue ask for different things, as its primitive reads it.
    request: u32,
    /// Its place among the waiters of the queue that it stands in. Read and written under the lock of the bucket alone,
    /// so it is no atomic of loom's: it would only add steps to every model.
    ticket: AtomicI64,
    /// Whether a Condition's waiter was notified: from then on it waits for its mutex, in the mutex's queue.
    notified: AtomicU32,
    /// When it entered the queue that it stands in, in nanoseconds on the monotonic clock.
    since: AtomicU64,
    /// Whether it was woken for a lock and others were faster.
    overtaken: AtomicBool,
    /// When it was settled, on the same clock.
    settled_at: AtomicU64,
    /// What happened, and below what belongs to it.
    outcome: AtomicU32,
    detail: AtomicU32,
}

impl Waiter {
    /// A wait of `requester` at `key`, which begins now.
    pub fn new(requester: &Requester, key: Key) -> Arc<Self> {
        Self::build(requester, key, None, None, 0)
    }

    /// A wait of `requester` for so much of what nobody owns.
    pub fn for_request(requester: &Requester, key: Key, request: u32) -> Arc<Self> {
        Self::build(requester, key, None, None, request)
    }

    /// A wait of `requester` for a lock.
    pub fn at_lock(requester: &Requester, key: Key, owner_of: OwnerOf) -> Arc<Self> {
        Self::build(requester, key, None, Some(owner_of), 0)
    }

    /// A wait of `requester` for a lock that can be owned in several ways, in that way.
    pub fn at_lock_for(
        requester: &Requester,
        key: Key,
        owner_of: OwnerOf,
        request: u32,
    ) -> Arc<Self> {
        Self::build(requester, key, None, Some(owner_of), request)
    }

    /// A wait of `requester` at a Condition, which has to lock `mutex` again when it is notified.
    pub fn at_condition(
        requester: &Requester,
        key: Key,
        mutex: SharedWord,
        owner_of: OwnerOf,
    ) -> Arc<Self> {
        Self::build(requester, key, Some(mutex), Some(owner_of), 0)
    }

    fn build(
        requester: &Requester,
        key: Key,
        mutex: Option<SharedWord>,
        owner_of: Option<OwnerOf>,
        request: u32,
    ) -> Arc<Self> {
        Arc::new(Waiter {
            requester: requester.clone(),
            key,
            mutex,
            owner_of,
            request,
            ticket: AtomicI64::new(0),
            notified: AtomicU32::new(NOT_NOTIFIED),
            since: AtomicU64::new(Deadline::now().as_nanoseconds()),
            overtaken: AtomicBool::new(false),
            settled_at: AtomicU64::new(0),
            outcome: AtomicU32::new(PENDING),
            detail: AtomicU32::new(0),
        })
    }

    /// Who waits.
    pub fn requester(&self) -> &Requester {
        &self.requester
    }

    /// The thread that waits, or that the waiting promise belongs to.
    pub fn thread(&self) -> ThreadId {
        self.requester.thread
    }

    /// What it asks for, as its primitive reads it.
    pub fn request(&self) -> u32 {
        self.request
    }

    /// The queue that it stands in, as long as the wait is not over.
    pub fn key(&self) -> Key {
        match self.mutex {
            Some(cell) if self.was_notified() => Key::new(cell, Kind::Mutex),
            _ => self.key,
        }
    }

    /// The cell that the wait began at: for a Condition's waiter never that of the mutex.
    pub fn own_cell(&self) -> SharedWord {
        self.key.cell()
    }

    /// The mutex that a Condition's waiter has to lock again.
    pub fn mutex(&self) -> Option<SharedWord> {
        self.mutex
    }

    /// Whether a Condition's waiter was notified.
    pub fn was_notified(&self) -> bool {
        self.notified.load(Ordering::Acquire) != NOT_NOTIFIED
    }

    /// Whether a Condition's waiter was notified instead of others, who wait on.
    pub fn was_notified_one(&self) -> bool {
        self.notified.load(Ordering::Acquire) == CHOSEN
    }

    /// Who owns the lock that it waits for; none for what nobody owns, such as a Condition that has not notified it yet.
    pub fn owner(&self) -> Option<ThreadId> {
        let waits_for_lock = self.mutex.is_none() || self.was_notified();
        let owner_of = self.owner_of.filter(|_| waits_for_lock)?;
        owner_of(self.key().cell().load())
    }

    /// When the wait began; for a Condition's waiter that was notified, when that was.
    pub fn since(&self) -> Deadline {
        Deadline::from_nanoseconds(self.since.load(Ordering::Relaxed))
    }

    /// Whether it was woken for a lock and others were faster.
    pub fn was_overtaken(&self) -> bool {
        self.overtaken.load(Ordering::Relaxed)
    }

    /// When it was settled, of one that was.
    pub fn settled_at(&self) -> Deadline {
        Deadline::from_nanoseconds(self.settled_at.load(Ordering::Relaxed))
    }

    /// How it ended, or none as long as it goes on.
    pub fn outcome(&self) -> Option<Outcome> {
        let tag = self.outcome.load(Ordering::Acquire);
        Outcome::decode(tag, self.detail.load(Ordering::Relaxed))
    }

    /// Whether it can use what it is given.
    pub fn readiness(&self) -> Readiness {
        self.requester.target.readiness()
    }

    /// Whether it can use what it is given at once.
    pub fn is_ready(&self) -> bool {
        self.readiness() == Readiness::Ready
    }

    /// Its place among the waiters of the queue that it stands in. Under the lock of that queue.
    pub(super) fn ticket(&self) -> i64 {
        self.ticket.load(Ordering::Relaxed)
    }

    /// Gives it a place. Under the lock of the queue that it enters.
    pub(super) fn set_ticket(&self, ticket: i64) {
        self.ticket.store(ticket, Ordering::Relaxed);
    }

    /// Moves a Condition's waiter to its mutex. Under the locks of both queues.
    pub(super) fn notify(&self, notified_one: bool, now: Deadline) {
        self.since.store(now.as_nanoseconds(), Ordering::Relaxed);
        let notified = if notified_one { CHOSEN } else { NOTIFIED };
        self.notified.store(notified, Ordering::Release);
    }

    /// Notes that it was woken for a lock and others were faster. Under the lock of the queue that it stands in.
    pub fn note_overtaken(&self) {
        self.overtaken.store(true, Ordering::Relaxed);
    }

    /// Under the lock of the queue that it stands in.
    pub(super) fn settle(&self, outcome: Outcome, now: Deadline) {
        let (tag, detail) = outcome.encode();
        self.settled_at
            .store(now.as_nanoseconds(), Ordering::Relaxed);
        self.detail.store(detail, Ordering::Relaxed);
        self.outcome.store(tag, Ordering::Release);
    }

    /// Makes it wait again. Under the lock of the queue that it enters.
    pub(super) fn rearm(&self) {
        self.outcome.store(PENDING, Ordering::Release);
    }

    /// Makes it look whether it is part of a deadlock by now.
    pub fn interrupt(&self) {
        self.requester.target.interrupt();
    }

    pub(super) fn unpark(&self) {
        self.requester.target.unpark(self.requester.token);
    }
}
