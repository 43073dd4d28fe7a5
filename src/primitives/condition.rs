//! The Condition: threads that hold a mutex wait for a notification that the data may have changed.
//!
//! A waiter enters the queue before it unlocks the mutex. So a notification that follows a change made under the mutex
//! finds it. The word holds one bit, which says that there are waiters. It changes only under the lock of the queue: if
//! a notifier cleared it without that lock, wake-ups would be lost. While it is clear, notifying is one load.
//!
//! A notified waiter is requeued to its mutex and woken only when it is its turn there ("wait morphing", as in
//! Linux's FUTEX_REQUEUE and parking_lot). So notifyAll does not wake a thundering herd.
//!
//! Orderings: the lock of the bucket orders a wait and a notification that both take it. The notifier's load without
//! the lock pairs with the waiter's unlock of the mutex: the waiter set the bit before that unlock, and the
//! notifier's lock of the mutex, under which it changed the data, acquired it. So the notifier sees the bit of each
//! waiter that must not be missed.

use super::{Fault, Locking, Mutex};
use crate::cell::SharedWord;
use crate::futex::Deadline;
use crate::queue::{
    Begun, Context, Key, Kind, Outcome, QueueGuard, Queues, Requester, Wait, Waiter, WakeReason,
};
use crate::threads::{ThreadId, Threads};
use std::sync::Arc;
use std::task::Poll;

// The word, bit by bit:
//
// | bit   | name    | meaning                                |
// | ----- | ------- | -------------------------------------- |
// | 30    | WAITERS | waiters are queued; no other bit is set |

/// There are no waiters.
const EMPTY: u32 = 0;
/// There are waiters.
const WAITERS: u32 = 1 << 30;

/// Why a wait ended. The mutex is owned again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notification {
    /// The waiter was notified.
    Received,
    /// The time limit passed first.
    TimedOut,
}

/// The Condition in one cell.
#[derive(Clone, Copy, Debug)]
pub struct Condition {
    cell: SharedWord,
}

impl Condition {
    /// The word of a condition without waiters.
    pub const EMPTY: u32 = EMPTY;

    /// The condition in `cell`.
    pub fn new(cell: SharedWord) -> Self {
        Condition { cell }
    }

    /// What JavaScript tries before it calls native code: one load.
    #[inline]
    pub fn has_no_waiters(self) -> bool {
        self.cell.load() == EMPTY
    }

    /// Unlocks `mutex`, waits for a notification until `deadline` or without limit, and locks `mutex` again. After a
    /// fault other than [`Fault::NotOwner`] and the corruption of this cell, the mutex is not owned.
    pub fn wait(
        self,
        mutex: Mutex,
        context: &Context,
        deadline: Option<Deadline>,
    ) -> Result<Notification, Fault> {
        self.begin(mutex, context, &Requester::thread_of(context.thread))
            .block(context, deadline)
    }

    /// Begins to wait: unlocks `mutex`, which `requester` owns.
    pub fn begin(self, mutex: Mutex, context: &Context, requester: &Requester) -> Begun<Waiting> {
        let waiter = Waiter::at_condition(requester, self.key(), mutex.cell(), Mutex::owner_of);
        let wait = Waiting {
            condition: self,
            mutex,
            waiter,
            stage: Stage::Notification,
        };
        Begun::with(wait, |wait| match wait.start(context) {
            Ok(()) => Poll::Pending,
            Err(fault) => Poll::Ready(Err(fault)),
        })
    }

    /// Notifies up to `count` waiters, the longest waiting first. Returns how many it notified.
    pub fn notify(self, context: &Context, count: usize) -> Result<usize, Fault> {
        if self.has_no_waiters() {
            return Ok(0);
        }
        // Waiters that enter while this runs are not counted, so the loop ends.
        let waiting = {
            let mut queue = context.queues.lock(self.key());
            self.examine(&mut queue)?;
            queue.len(self.key())
        };
        let mut left = count.min(waiting);
        let mut notified = 0;
        while left > 0
            && let Some(moved) = self.notify_front(context, left)?
        {
            notified += moved;
            left -= moved;
        }
        Ok(notified)
    }

    /// Notifies up to `count` waiters at the front of the queue that wait with the same mutex. Returns none if no
    /// waiter is left, and zero if a waiter with another mutex came to the front meanwhile.
    fn notify_front(self, context: &Context, count: usize) -> Result<Option<usize>, Fault> {
        let mutex_of = |queue: &QueueGuard| queue.front(self.key()).and_then(|front| front.mutex());
        let Some(mutex) = mutex_of(&context.queues.lock(self.key())) else {
            return Ok(None);
        };
        let mutex_key = Key::new(mutex, Kind::Mutex);
        let mut queue = context.queues.lock_pair(self.key(), mutex_key);
        self.examine(&mut queue)?;
        let mut moved = Vec::new();
        while moved.len() < count && mutex_of(&queue) == Some(mutex) {
            moved.extend(queue.pop_front(self.key()));
        }
        let others_wait = !queue.is_empty(self.key());
        let mutex = Mutex::new(mutex);
        self.requeue(
            mutex,
            context.queues.threads(),
            &mut queue,
            &moved,
            others_wait,
        );
        let owner = mutex.living_owner();
        drop(queue);
        // From here on these waiters wait for the owner of the mutex. If the owner is blocked itself, that may have
        // closed a cycle. Only these waiters can find it: the other threads of the cycle have checked already.
        if owner
            .is_some_and(|owner| owner != context.id() && context.queues.waits().is_blocked(owner))
        {
            moved.iter().for_each(|waiter| waiter.interrupt());
        }
        Ok(Some(moved.len()))
    }

    /// The number of waiters that are not notified yet. The caller holds the lock of the queue.
    pub fn waiting(self, queue: &QueueGuard) -> Result<usize, Fault> {
        self.agreed(queue)?;
        Ok(queue.len(self.key()))
    }

    /// Requeues waiters, which were taken out of this queue, to their mutex. The caller holds the locks of both
    /// queues.
    fn requeue(
        self,
        mutex: Mutex,
        threads: &Threads,
        queue: &mut QueueGuard,
        moved: &[Arc<Waiter>],
        others_wait: bool,
    ) {
        self.clear_waiters_bit(queue);
        for waiter in moved {
            queue.notify(waiter, others_wait);
        }
        mutex.requeue(threads, queue, moved);
    }

    /// Thread `id` died: the waiters whose mutex it owned fail as if they waited for that mutex.
    ///
    /// A mutex's cell is touched only under the lock while a waiter is queued, since that waiter keeps its memory
    /// alive.
    pub(super) fn owner_died(key: Key, id: ThreadId, queues: &Queues) {
        let condition = Condition::new(key.cell());
        let owned_by_dead = |mutex: &SharedWord| Mutex::new(*mutex).was_owned_by(id);
        loop {
            let mutex = queues
                .lock(key)
                .waiters(key)
                .filter_map(|waiter| waiter.mutex())
                .find(owned_by_dead);
            let Some(mutex) = mutex else {
                return;
            };
            let mut queue = queues.lock_pair(key, Key::new(mutex, Kind::Mutex));
            let moved: Vec<_> = queue
                .waiters(key)
                .filter(|waiter| waiter.mutex() == Some(mutex))
                .cloned()
                .collect();
            for waiter in &moved {
                queue.remove(waiter);
            }
            if !moved.is_empty() {
                let mutex = Mutex::new(mutex);
                condition.requeue(mutex, queues.threads(), &mut queue, &moved, false);
            }
        }
    }

    fn key(self) -> Key {
        Key::new(self.cell, Kind::Condition)
    }

    /// Sets the waiters bit. The caller holds the lock of the queue.
    fn set_waiters_bit(self, queue: &mut QueueGuard) -> Result<(), Fault> {
        while self.examine(queue)? == EMPTY {
            if self.cell.replace(EMPTY, WAITERS) {
                break;
            }
        }
        Ok(())
    }

    /// Clears the waiters bit if no waiter is left. The caller holds the lock of the queue.
    fn clear_waiters_bit(self, queue: &QueueGuard) {
        if queue.is_empty(self.key()) {
            // Fails only if the cell was written over. The next thread that reads the word reports that.
            self.cell.replace(WAITERS, EMPTY);
        }
    }

    /// Reads the word, which has to agree with the queue. The caller holds the lock of the queue.
    fn agreed(self, queue: &QueueGuard) -> Result<u32, Fault> {
        match self.cell.load() {
            WAITERS => Ok(WAITERS),
            EMPTY if queue.is_empty(self.key()) => Ok(EMPTY),
            word => Err(Fault::Corrupt(word)),
        }
    }

    /// As [`Condition::agreed`]. A word that was written over also ends the waits of all waiters.
    fn examine(self, queue: &mut QueueGuard) -> Result<u32, Fault> {
        let word = self.agreed(queue);
        if let Err(Fault::Corrupt(word)) = word {
            queue.complete_all(self.key(), Outcome::Corrupt(word));
        }
        word
    }
}

/// A wait at a Condition.
pub struct Waiting {
    condition: Condition,
    mutex: Mutex,
    /// Stands in the queue of the Condition; once notified, in that of the mutex.
    waiter: Arc<Waiter>,
    stage: Stage,
}

/// How far a wait has got.
enum Stage {
    /// Waits for a notification.
    Notification,
    /// Locks the mutex again, and then returns this result.
    Locking(Locking, Result<Notification, Fault>),
}

impl Waiting {
    /// Enters the queue and unlocks the mutex.
    fn start(&self, context: &Context) -> Result<(), Fault> {
        let requester = self.waiter.requester();
        self.mutex
            .assert_owned_as(context.queues.threads(), requester)?;
        {
            let mut queue = context.queues.lock(self.condition.key());
            self.condition.set_waiters_bit(&mut queue)?;
            queue.push_back(&self.waiter);
        }
        let unlocked = self.mutex.unlock_as(context, requester);
        if unlocked.is_err() {
            self.cancel(context);
        }
        unlocked
    }

    /// The wait of a notified waiter for its mutex.
    fn locking(&self) -> Locking {
        Locking::of(self.mutex, Arc::clone(&self.waiter))
    }

    /// Locks the mutex, and then returns `result`.
    fn lock_again(
        &mut self,
        context: &Context,
        result: Result<Notification, Fault>,
    ) -> Poll<Result<Notification, Fault>> {
        match self.mutex.begin(context, self.waiter.requester()) {
            Begun::Ready(Ok(_)) => Poll::Ready(result),
            Begun::Ready(Err(fault)) => Poll::Ready(Err(fault)),
            Begun::Pending(locking) => {
                self.stage = Stage::Locking(locking, result);
                Poll::Pending
            }
        }
    }

    /// Gives up, in whichever queue the waiter stands.
    fn cancel(&self, context: &Context) {
        if !self.dequeue(context) && self.waiter.was_notified() {
            self.locking().cancel(context);
            self.pass_on(context);
        }
    }

    /// Leaves the queue of the Condition. False if the waiter was notified or its wait completed before.
    fn dequeue(&self, context: &Context) -> bool {
        let mut queue = context.queues.lock(self.condition.key());
        // A notified waiter stands in the queue of its mutex, which is not locked here.
        let left = !self.waiter.was_notified() && queue.remove(&self.waiter);
        self.condition.clear_waiters_bit(&queue);
        left
    }

    /// Passes the notification on to another waiter, if this one was notified while others were not, and will not act
    /// on it.
    fn pass_on(&self, context: &Context) {
        if self.waiter.was_notified_one() {
            // A fault has already ended all waits.
            self.condition.notify(context, 1).ok();
        }
    }
}

impl Wait for Waiting {
    type Output = Result<Notification, Fault>;

    fn waiter(&self) -> &Arc<Waiter> {
        match &self.stage {
            Stage::Notification => &self.waiter,
            Stage::Locking(locking, _) => locking.waiter(),
        }
    }

    fn resume(&mut self, context: &Context, reason: WakeReason) -> Poll<Self::Output> {
        if let Stage::Notification = self.stage {
            match reason {
                WakeReason::Interrupted => {
                    self.cancel(context);
                    return Poll::Ready(Err(Fault::Interrupted));
                }
                WakeReason::TimedOut if self.dequeue(context) => {
                    return self.lock_again(context, Ok(Notification::TimedOut));
                }
                // The wait completed without a notification: the cell was written over.
                _ if !self.waiter.was_notified() => {
                    let word = match self.waiter.outcome() {
                        Some(Outcome::Corrupt(word)) => word,
                        _ => self.condition.cell.load(),
                    };
                    return self.lock_again(context, Err(Fault::Corrupt(word)));
                }
                _ => {
                    self.stage = Stage::Locking(self.locking(), Ok(Notification::Received));
                    // The time limit was that of the notification. Locking the mutex again has none.
                    if reason == WakeReason::TimedOut {
                        return Poll::Pending;
                    }
                }
            }
        }
        let Stage::Locking(locking, result) = &mut self.stage else {
            return Poll::Pending;
        };
        match locking.resume(context, reason) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Ok(_)) => Poll::Ready(result.clone()),
            Poll::Ready(Err(fault)) => {
                self.pass_on(context);
                Poll::Ready(Err(fault))
            }
        }
    }

    fn revalidate(&self, context: &Context) {
        // A fault ends all waits by itself.
        self.condition
            .examine(&mut context.queues.lock(self.condition.key()))
            .ok();
        self.mutex.revalidate(context);
    }

    fn requeue_for_block(&mut self, context: &Context) {
        match &self.stage {
            Stage::Notification if self.waiter.was_notified() => {
                self.locking().requeue_at_front(context)
            }
            Stage::Notification => {}
            Stage::Locking(locking, _) => locking.requeue_at_front(context),
        }
    }

    fn is_limited(&self) -> bool {
        matches!(self.stage, Stage::Notification)
    }
}
