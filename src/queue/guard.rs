//! The operations on the queues under the lock of one bucket or two.

use super::dead_owners::{DeadOwner, DeadOwners};
use super::fifo::Fifo;
use super::key::{Key, Kind};
use super::waiter::{Outcome, Readiness, Waiter};
use super::{HandOff, Queues};
use crate::futex::Deadline;
use crate::sync::MutexGuard;
use crate::threads::{ThreadId, choose_handoff};
use std::cell::OnceCell;
use std::sync::Arc;

/// The queue of one key. A queue without waiters is removed from its bucket.
struct Queue {
    key: Key,
    waiters: Fifo,
    releases: Releases,
}

/// How often a lock was released while a queue existed, as far as that is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Releases {
    /// Two queues of one lock have different numbers.
    queue: u64,
    count: u64,
    /// How often the waiters bit was cleared without a release. While it is clear, releases are not counted.
    gaps: u64,
}

impl Releases {
    /// How often the lock was released since `before`, at least.
    pub fn since(self, before: Self) -> u64 {
        if self.queue == before.queue {
            self.count - before.count
        } else {
            self.count
        }
    }
}

/// What a lock looked like at a moment at which a waiter stood in its queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sight {
    /// When.
    pub at: Deadline,
    /// The word of the lock.
    pub word: u32,
    /// How often the lock was released before. A release is counted if the waiters bit of the word is set.
    pub releases: Releases,
}

/// The queues whose keys have the same hash.
#[derive(Default)]
pub(super) struct Bucket {
    queues: Vec<Queue>,
    /// The allocation of the queue that emptied last, for the next queue.
    spare: Fifo,
    /// How many queues there were.
    queues_made: u64,
    /// When a lock of this bucket was last handed off.
    handed_off: Option<Deadline>,
    dead_owners: DeadOwners,
}

impl Bucket {
    fn queue(&self, key: Key) -> Option<&Fifo> {
        self.queues
            .iter()
            .find(|queue| queue.key == key)
            .map(|queue| &queue.waiters)
    }

    fn queue_or_new(&mut self, key: Key) -> &mut Fifo {
        let index = self.queues.iter().position(|queue| queue.key == key);
        let index = index.unwrap_or_else(|| {
            let waiters = std::mem::take(&mut self.spare);
            self.queues_made += 1;
            let releases = Releases {
                queue: self.queues_made,
                count: 0,
                gaps: 0,
            };
            self.queues.push(Queue {
                key,
                waiters,
                releases,
            });
            self.queues.len() - 1
        });
        &mut self.queues[index].waiters
    }

    /// Removes a queue with its waiters.
    fn take_queue(&mut self, key: Key) -> Option<Fifo> {
        let index = self.queues.iter().position(|queue| queue.key == key)?;
        Some(self.queues.swap_remove(index).waiters)
    }

    /// Takes waiters out of the queue by `take`, and removes the queue if that leaves no waiter.
    fn take<R>(&mut self, key: Key, take: impl FnOnce(&mut Fifo) -> R) -> Option<R> {
        let index = self.queues.iter().position(|queue| queue.key == key)?;
        let taken = take(&mut self.queues[index].waiters);
        if self.queues[index].waiters.is_empty() {
            self.spare = self.queues.swap_remove(index).waiters.into_spare();
        }
        Some(taken)
    }
}

/// A locked bucket and its place in the table.
pub(super) type LockedBucket<'a> = (usize, MutexGuard<'a, Bucket>);

/// One locked bucket, or two. Dropping it first releases the locks and then wakes the waiters whose waits completed,
/// so that no waiter wakes up only to wait for the bucket.
pub struct QueueGuard<'a> {
    queues: &'a Queues,
    bucket: LockedBucket<'a>,
    other: Option<LockedBucket<'a>>,
    /// When the clock was read first under these locks.
    now: OnceCell<Deadline>,
    /// For a thread that does not keep the memory of the cells itself: the waits that are over and have not been completed
    /// yet. Their waiters keep that memory.
    over: Option<Vec<(Arc<Waiter>, Outcome)>>,
    // Dropped last, after the locks.
    to_wake: ToWake,
}

/// The waiters to wake when the locks are released. The first needs no allocation, and usually it is the only one.
#[derive(Default)]
struct ToWake {
    first: Option<Arc<Waiter>>,
    rest: Vec<Arc<Waiter>>,
}

impl ToWake {
    fn push(&mut self, waiter: Arc<Waiter>) {
        match &mut self.first {
            first @ None => *first = Some(waiter),
            Some(_) => self.rest.push(waiter),
        }
    }
}

impl Drop for ToWake {
    fn drop(&mut self) {
        for waiter in self.first.take().into_iter().chain(self.rest.drain(..)) {
            waiter.unpark();
        }
    }
}

impl Drop for QueueGuard<'_> {
    fn drop(&mut self) {
        for (waiter, outcome) in self.over.take().into_iter().flatten() {
            self.complete_now(waiter, outcome);
        }
    }
}

impl<'a> QueueGuard<'a> {
    pub(super) fn new(
        queues: &'a Queues,
        bucket: LockedBucket<'a>,
        other: Option<LockedBucket<'a>>,
    ) -> Self {
        QueueGuard {
            queues,
            bucket,
            other,
            now: OnceCell::new(),
            over: None,
            to_wake: ToWake::default(),
        }
    }

    /// For a thread that does not keep the memory of the cells itself: waits that are over are completed last, when the
    /// locks are about to be released. A thread whose wait is completed may give the memory of its cell back at once.
    pub(crate) fn completing_last(mut self) -> Self {
        self.over = Some(Vec::new());
        self
    }

    fn bucket(&self, key: Key) -> &Bucket {
        match &self.other {
            Some((place, bucket)) if *place == self.queues.index(key) => bucket,
            _ => {
                let index = self.queues.index(key);
                debug_assert_eq!(self.bucket.0, index, "the bucket of this key is not locked");
                &self.bucket.1
            }
        }
    }

    fn bucket_mut(&mut self, key: Key) -> &mut Bucket {
        match &mut self.other {
            Some((place, bucket)) if *place == self.queues.index(key) => bucket,
            _ => &mut self.bucket.1,
        }
    }

    /// The waiters, the longest waiting first.
    pub fn waiters(&self, key: Key) -> impl Iterator<Item = &Arc<Waiter>> {
        self.bucket(key).queue(key).into_iter().flat_map(Fifo::iter)
    }

    /// The waiter that has waited longest.
    pub fn front(&self, key: Key) -> Option<&Arc<Waiter>> {
        self.bucket(key).queue(key)?.front()
    }

    /// The number of waiters.
    pub fn len(&self, key: Key) -> usize {
        self.bucket(key).queue(key).map_or(0, Fifo::len)
    }

    /// How many wait for a primitive: in its queue, and as cases of selects.
    pub fn waiting(&self, key: Key) -> usize {
        self.len(key) + self.len(Key::new(key.cell(), Kind::Select))
    }

    /// Whether there are no waiters.
    pub fn is_empty(&self, key: Key) -> bool {
        self.len(key) == 0
    }

    /// Takes out the waiter that has waited longest. The caller completes its wait.
    pub fn pop_front(&mut self, key: Key) -> Option<Arc<Waiter>> {
        self.bucket_mut(key).take(key, Fifo::pop_front)?
    }

    /// The waiters whose threads are not blocked elsewhere ([`Readiness::ThreadBlocked`]), the longest waiting first.
    pub fn present(&self, key: Key) -> impl Iterator<Item = &Arc<Waiter>> {
        self.waiters(key)
            .filter(|waiter| waiter.readiness() != Readiness::ThreadBlocked)
    }

    /// Whether there are such waiters.
    pub fn has_present(&self, key: Key) -> bool {
        self.present(key).next().is_some()
    }

    /// The next waiter to be granted the lock: the longest waiting one that can use it at once. If there is none, the
    /// longest waiting one that can use it later.
    pub fn next(&self, key: Key) -> Option<Arc<Waiter>> {
        self.next_admissible(key, |_| true)
    }

    /// As [`QueueGuard::next`], but a waiter that cannot have what it asks for yet, according to `can_have`, blocks
    /// those behind it.
    pub fn next_admissible(
        &self,
        key: Key,
        can_have: impl Fn(&Waiter) -> bool,
    ) -> Option<Arc<Waiter>> {
        // One pass, which reads the readiness of each waiter once.
        let mut busy = None;
        for waiter in self.waiters(key) {
            let readiness = waiter.readiness();
            if readiness == Readiness::ThreadBlocked {
                continue;
            }
            if !can_have(waiter) {
                break;
            }
            if readiness == Readiness::Ready {
                return Some(Arc::clone(waiter));
            }
            busy.get_or_insert(waiter);
        }
        busy.cloned()
    }

    /// Whether another promise of the same thread stands at the front of the queue in which `waiter`, a promise, stands
    /// or has stood. When their thread blocks, one pass for that promise grants from the queue for both.
    pub fn is_behind_sibling(&self, waiter: &Waiter) -> bool {
        self.front(waiter.key()).is_some_and(|front| {
            front.requester().is_promise()
                && front.thread() == waiter.thread()
                && !std::ptr::eq(&**front, waiter)
        })
    }

    /// Puts a waiter, whose outcome is pending again, behind the others.
    pub fn push_back(&mut self, waiter: &Arc<Waiter>) {
        waiter.rearm();
        let key = waiter.key();
        self.bucket_mut(key)
            .queue_or_new(key)
            .push_back(Arc::clone(waiter));
    }

    /// Puts a waiter, whose outcome is pending again, before the others: a woken waiter that was overtaken keeps its
    /// place.
    pub fn push_front(&mut self, waiter: &Arc<Waiter>) {
        waiter.rearm();
        let key = waiter.key();
        self.bucket_mut(key)
            .queue_or_new(key)
            .push_front(Arc::clone(waiter));
    }

    /// Puts a waiter, whose outcome is pending again, where its ticket belongs. All waiters of such a queue enter it so.
    pub fn insert(&mut self, waiter: &Arc<Waiter>, ticket: i64) {
        waiter.rearm();
        let key = waiter.key();
        self.bucket_mut(key)
            .queue_or_new(key)
            .insert(Arc::clone(waiter), ticket);
    }

    /// Takes out a waiter that gives up. False if it was taken out before and its wait completed.
    pub fn remove(&mut self, waiter: &Arc<Waiter>) -> bool {
        let key = waiter.key();
        let removed = self.bucket_mut(key).take(key, |queue| queue.remove(waiter));
        removed.flatten().is_some()
    }

    /// Turns a waiter of a Condition, which was taken out of its queue, into one that waits for its mutex.
    /// `notified_one` says that others were left waiting.
    pub fn notify(&mut self, waiter: &Waiter, notified_one: bool) {
        waiter.notify(notified_one, self.now());
    }

    /// Completes the wait of a waiter that was taken out. It is woken when the locks are released.
    pub fn complete(&mut self, waiter: Arc<Waiter>, outcome: Outcome) {
        match &mut self.over {
            Some(over) => over.push((waiter, outcome)),
            None => self.complete_now(waiter, outcome),
        }
    }

    fn complete_now(&mut self, waiter: Arc<Waiter>, outcome: Outcome) {
        waiter.complete(outcome, self.now());
        self.to_wake.push(waiter);
    }

    /// Completes all waits of `key`.
    pub fn complete_all(&mut self, key: Key, outcome: Outcome) {
        let Some(mut queue) = self.bucket_mut(key).take_queue(key) else {
            return;
        };
        // The first waiter usually needs no allocation.
        self.to_wake.rest.reserve(queue.len() - 1);
        while let Some(waiter) = queue.pop_front() {
            self.complete(waiter, outcome);
        }
        self.bucket_mut(key).spare = queue.into_spare();
    }

    /// Wakes all waiters of `key`, which keep their places.
    pub fn wake_all(&mut self, key: Key) {
        let all: Vec<_> = self.waiters(key).cloned().collect();
        all.into_iter().for_each(|waiter| self.to_wake.push(waiter));
    }

    /// The time at which these locks are held. The clock is read once for all operations under them.
    fn now(&self) -> Deadline {
        *self.now.get_or_init(Deadline::now)
    }

    /// Whether to hand the lock off to `next`: it has waited long, and the last hand-off was some time ago ("eventual
    /// fairness", parking_lot `core/src/parking_lot.rs`).
    pub fn handoff_due(&self, next: &Waiter) -> bool {
        if let Some(choice) = choose_handoff() {
            return choice;
        }
        let HandOff {
            overtaken_after,
            otherwise_after,
            min_interval,
        } = self.queues.handoff;
        let min_wait = if next.was_overtaken() {
            overtaken_after
        } else {
            otherwise_after
        };
        let now = self.now();
        let passed = |since: Deadline, time| since.plus(time) <= now;
        passed(next.since(), min_wait)
            && self
                .bucket(next.key())
                .handed_off
                .is_none_or(|last| passed(last, min_interval))
    }

    /// Counts a release of a lock, if there are waiters.
    pub fn note_release(&mut self, key: Key) {
        if let Some(releases) = self.releases_mut(key) {
            releases.count += 1;
        }
    }

    /// Notes that the waiters bit was cleared for another reason than a release, if there are waiters.
    pub fn note_gap(&mut self, key: Key) {
        if let Some(releases) = self.releases_mut(key) {
            releases.gaps += 1;
        }
    }

    fn releases_mut(&mut self, key: Key) -> Option<&mut Releases> {
        let mut queues = self.bucket_mut(key).queues.iter_mut();
        let queue = queues.find(|queue| queue.key == key)?;
        Some(&mut queue.releases)
    }

    /// What the lock of a waiter looks like now. None if the waiter does not stand in the queue of `key`, whose bucket
    /// is locked: then nothing may keep the memory of the lock.
    pub fn sight(&self, key: Key, waiter: &Arc<Waiter>) -> Option<Sight> {
        let queues = &self.bucket(key).queues;
        let queue = queues.iter().find(|queue| queue.key == key)?;
        queue.waiters.contains(waiter).then(|| Sight {
            at: self.now(),
            word: key.cell().load(),
            releases: queue.releases,
        })
    }

    /// Notes that a lock was handed off now.
    pub fn note_handoff(&mut self, key: Key) {
        self.bucket_mut(key).handed_off = Some(self.now());
    }

    /// Notes that the owner of a lock died, for a lock whose word has no room to name it. A bucket keeps the last 64
    /// notes.
    pub fn note_dead_owner(&mut self, key: Key, owner: ThreadId) {
        self.bucket_mut(key).dead_owners.note(key, owner);
    }

    /// The thread that died while it owned the lock, for a lock whose word says that there is one. None if there
    /// cannot be one: the cell was written over.
    pub fn dead_owner(&self, key: Key) -> Option<DeadOwner> {
        self.bucket(key).dead_owners.get(key)
    }

    /// A thread recovered the lock from its dead owner.
    pub fn forget_dead_owner(&mut self, key: Key) {
        self.bucket_mut(key).dead_owners.forget(key);
    }

    /// The keys of the queues that have waiters.
    pub(super) fn keys(&self) -> Vec<Key> {
        let (_, bucket) = &self.bucket;
        bucket.queues.iter().map(|queue| queue.key).collect()
    }
}
