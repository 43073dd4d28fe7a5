//! The Condition: threads that hold a mutex wait for a notification that the data may have changed.
//!
//! A waiter enters the queue before it unlocks the mutex. So a notification that follows a change made under the mutex
//! finds it. The word holds one bit, which says that there are waiters. It changes only under the lock of the queue: if
//! a notifier cleared it without that lock, wake-ups would be lost. While it is clear, notifying is one load.
//!
//! A notified waiter is requeued to its mutex and woken only when it is its turn there ("wait morphing", as in
//! Linux's FUTEX_REQUEUE and parking_lot). So notifyAll does not wake a thundering herd. A woken thread takes its turn in
//! JavaScript: until it is back there, its code and data come from memory, and no other thread could own the mutex
//! meanwhile.
//!
//! Orderings: the lock of the bucket orders a wait and a notification that both take it. The notifier's load without
//! the lock pairs with the waiter's unlock of the mutex: the waiter set the bit before that unlock, and the
//! notifier's lock of the mutex, under which it changed the data, acquired it. So the notifier sees the bit of each
//! waiter that must not be missed.

use super::wait::{Step, fault_of};
use super::{Fault, Locking, Mutex, Recovered, Wait};
use crate::cell::SharedWord;
use crate::futex::Deadline;
use crate::queue::{
    Aim, Context, Key, Kind, Outcome, Owner, QueueGuard, Queues, Requester, Waiter, WakeReason,
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

    /// Unlocks `mutex`, waits for a notification until `deadline` or without limit, and locks `mutex` again or returns the
    /// turn to do so. After a fault other than [`Fault::TimedOut`], [`Fault::Cancelled`], [`Fault::NotOwner`] and the
    /// corruption of this cell, the mutex is not owned.
    pub fn wait(
        self,
        mutex: Mutex,
        context: &Context,
        deadline: Option<Deadline>,
    ) -> Result<Notified, Fault> {
        Waiting::new(self, mutex, &Requester::thread_of(context.thread)).block(context, deadline)
    }

    /// What JavaScript does: waits, and locks the mutex if it has the turn to compete for it.
    #[cfg(test)]
    pub fn wait_and_lock(
        self,
        mutex: Mutex,
        context: &Context,
        deadline: Option<Deadline>,
    ) -> Result<(), Fault> {
        self.wait(mutex, context, deadline)?.lock(mutex, context)
    }

    /// Notifies up to `count` waiters, the longest waiting first. Returns how many it notified.
    pub fn notify(self, context: &Context, count: usize) -> Result<usize, Fault> {
        if self.has_no_waiters() {
            return Ok(0);
        }
        // Waiters that enter while this runs are not counted, so the loop ends.
        let (mut left, mut mutex) = {
            let mut queue = context.queues.lock(self.key());
            self.examine(&mut queue)?;
            let left = count.min(queue.len(self.key()));
            (left, self.next_mutex(&queue, left))
        };
        let mut notified = 0;
        while left > 0
            && let Some(cell) = mutex
        {
            let (moved, next) = self.notify_next(cell, context, left)?;
            notified += moved;
            left -= moved;
            mutex = next;
        }
        Ok(notified)
    }

    /// The waiter that is notified next, of `count` to be notified: the longest waiting one whose thread is not blocked
    /// elsewhere. If there is none, or if all are to be notified, the longest waiting one.
    fn next<'q>(self, queue: &'q QueueGuard, count: usize) -> Option<&'q Arc<Waiter>> {
        let present = (count < queue.len(self.key()))
            .then(|| queue.present(self.key()).next())
            .flatten();
        present.or_else(|| queue.front(self.key()))
    }

    /// The mutex with which that one waits.
    fn next_mutex(self, queue: &QueueGuard, count: usize) -> Option<SharedWord> {
        self.next(queue, count).and_then(|next| next.mutex())
    }

    /// Notifies up to `count` waiters, each the next one, that wait with this mutex: none if the next one waits with
    /// another mutex by now. Returns how many, and the mutex of the one that is next then.
    fn notify_next(
        self,
        mutex: SharedWord,
        context: &Context,
        count: usize,
    ) -> Result<(usize, Option<SharedWord>), Fault> {
        let mutex_key = Key::new(mutex, Kind::Mutex);
        let mut queue = context.queues.lock_pair(self.key(), mutex_key);
        self.examine(&mut queue)?;
        let mut moved = Vec::new();
        while moved.len() < count
            && let Some(waiter) = self.next(&queue, count - moved.len()).cloned()
            && waiter.mutex() == Some(mutex)
        {
            queue.remove(&waiter);
            moved.push(waiter);
        }
        let others_wait = !queue.is_empty(self.key());
        let next = self.next_mutex(&queue, count - moved.len());
        if moved.is_empty() {
            // No waiter keeps the memory of this mutex.
            return Ok((0, next));
        }
        let mutex = Mutex::new(mutex);
        // Read before a waiter can go on, which keeps the memory of the mutex.
        let owner = mutex.living_owner();
        self.requeue(
            mutex,
            context.queues.threads(),
            &mut queue,
            &moved,
            others_wait,
        );
        drop(queue);
        // From here on these waiters wait for the owner of the mutex. If the owner is blocked itself, that may have
        // closed a cycle. Only these waiters can find it: the other threads of the cycle have checked already.
        if owner
            .is_some_and(|owner| owner != context.id() && context.queues.waits().is_blocked(owner))
        {
            moved.iter().for_each(|waiter| waiter.interrupt());
        }
        Ok((moved.len(), next))
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
            let mut queue = queues
                .lock_pair(key, Key::new(mutex, Kind::Mutex))
                .completing_last();
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

/// How a wait ends that was notified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notified {
    /// The mutex is locked.
    Locked,
    /// The mutex was free a moment ago, and it is the caller's turn to compete for it: by [`Mutex::take_turn_fast`], and
    /// if that fails by [`Mutex::take_turn`]. A thread that dies before is noticed by [`super::thread_died`].
    Turn {
        /// Whether others wait behind.
        more: bool,
    },
}

#[cfg(test)]
impl Notified {
    /// What JavaScript does when the native call has returned: takes its turn by one instruction or else by the native
    /// call.
    pub fn lock(self, mutex: Mutex, context: &Context) -> Result<(), Fault> {
        match self {
            Notified::Turn { more } if !mutex.take_turn_fast(context.id(), more) => {
                // Nothing ends the wait for the mutex.
                let cancels = &[];
                mutex.take_turn(
                    &Context {
                        cancels,
                        ..*context
                    },
                    more,
                )
            }
            _ => Ok(()),
        }
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
    Locking(Locking, Result<(), Fault>),
}

impl Waiting {
    /// A wait of `requester`, which owns `mutex`.
    pub fn new(condition: Condition, mutex: Mutex, requester: &Requester) -> Self {
        let key = condition.key();
        let aim = Aim {
            mutex: Some(mutex.cell()),
            ..Mutex::AIM
        };
        Waiting {
            condition,
            mutex,
            waiter: Waiter::new(requester, key, aim),
            stage: Stage::Notification,
        }
    }

    /// Enters the queue and unlocks the mutex.
    fn enqueue(&self, context: &Context) -> Result<(), Fault> {
        let owner = Owner::from(self.waiter.requester());
        self.mutex
            .assert_owned_as(context.queues.threads(), owner)?;
        {
            let mut queue = context.queues.lock(self.condition.key());
            self.condition.set_waiters_bit(&mut queue)?;
            queue.push_back(&self.waiter);
        }
        let unlocked = self.mutex.unlock_as(context, owner);
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
    fn lock_again(&mut self, context: &Context, result: Result<(), Fault>) -> Step<Notified> {
        let mut locking = Locking::new(self.mutex, self.waiter.requester());
        let locked = locking.start(context);
        self.stage = Stage::Locking(locking, result);
        self.after(context, locked)
    }

    /// After a step of locking the mutex.
    fn after(&self, context: &Context, locked: Step<Recovered>) -> Step<Notified> {
        match (locked, &self.stage) {
            (Poll::Ready(Ok(_)), Stage::Locking(_, result)) => {
                Poll::Ready(result.clone().map(|()| Notified::Locked))
            }
            (Poll::Ready(Err(fault)), _) => {
                self.pass_notification_on(context);
                Poll::Ready(Err(fault))
            }
            _ => Poll::Pending,
        }
    }

    /// Whether the caller takes the turn that it was woken for. One that was notified while others were not might have to
    /// pass the notification on. The scheduler of an explored thread sees native calls alone.
    fn takes_turn(&self, context: &Context) -> bool {
        !self.waiter.requester().is_promise()
            && !self.waiter.was_notified_one()
            && !context.is_explored()
    }

    /// A promise that was notified cannot act on that while its thread is blocked. If it was notified while others were
    /// not, it waits for a notification again, before the others, and one whose thread is not blocked is notified.
    fn renotify_for_block(&self, context: &Context) {
        let (key, mutex) = (
            self.condition.key(),
            Key::new(self.mutex.cell(), Kind::Mutex),
        );
        // A notifier under these locks sees that the thread is blocked, or is seen here.
        let mut queue = context.queues.lock_pair(key, mutex);
        if !self.waiter.was_notified() {
            return;
        }
        let mut locking = self.locking();
        if !self.waiter.was_notified_one() {
            drop(queue);
            return locking.requeue_for_block(context);
        }
        match self.waiter.outcome() {
            None => {
                queue.remove(&self.waiter);
                locking.left(context, &mut queue);
                locking.update(context, &mut queue);
            }
            Some(outcome) if outcome.gives() => locking.pass_on(context, &mut queue, outcome),
            // The wait has failed.
            Some(_) => return,
        }
        self.waiter.forget_notification();
        if let Err(Fault::Corrupt(word)) = self.condition.set_waiters_bit(&mut queue) {
            queue.complete(Arc::clone(&self.waiter), Outcome::Corrupt(word));
            return;
        }
        queue.push_front(&self.waiter);
        drop(queue);
        self.condition.notify(context, 1).ok();
    }

    /// Passes the notification on to another waiter, if this one was notified while others were not, and will not act
    /// on it.
    fn pass_notification_on(&self, context: &Context) {
        if self.waiter.was_notified_one() {
            // A fault has already ended all waits.
            self.condition.notify(context, 1).ok();
        }
    }
}

impl Wait for Waiting {
    type Output = Notified;

    fn waiter(&self) -> &Arc<Waiter> {
        match &self.stage {
            Stage::Notification => &self.waiter,
            Stage::Locking(locking, _) => locking.waiter(),
        }
    }

    fn start(&mut self, context: &Context) -> Step<Notified> {
        match self.enqueue(context) {
            Ok(()) => Poll::Pending,
            Err(fault) => Poll::Ready(Err(fault)),
        }
    }

    fn resume(&mut self, context: &Context, reason: WakeReason) -> Step<Notified> {
        if let Stage::Notification = self.stage {
            match reason {
                WakeReason::Interrupted => return Poll::Ready(self.interrupted(context)),
                WakeReason::TimedOut if self.dequeue(context) => {
                    return self.lock_again(context, Err(Fault::TimedOut));
                }
                WakeReason::Cancelled if self.dequeue(context) => {
                    return self.lock_again(context, Err(Fault::Cancelled));
                }
                // The wait completed without a notification: the cell was written over.
                _ if !self.waiter.was_notified() => {
                    let outcome = self.waiter.outcome().unwrap_or(Outcome::Passed);
                    return self.lock_again(context, Err(fault_of(&self.waiter, outcome)));
                }
                WakeReason::Completed(Outcome::Retry { more }) if self.takes_turn(context) => {
                    return Poll::Ready(Ok(Notified::Turn { more }));
                }
                _ => {
                    self.stage = Stage::Locking(self.locking(), Ok(()));
                    // The limits were those of the notification. Locking the mutex again has none.
                    if matches!(reason, WakeReason::TimedOut | WakeReason::Cancelled) {
                        return Poll::Pending;
                    }
                }
            }
        }
        let Stage::Locking(locking, _) = &mut self.stage else {
            return Poll::Pending;
        };
        let locked = locking.resume(context, reason);
        self.after(context, locked)
    }

    fn update(&self, _context: &Context, queue: &mut QueueGuard) {
        // A fault ends all waits by itself.
        self.condition.examine(queue).ok();
    }

    fn revalidate(&self, context: &Context) {
        self.update(context, &mut context.queues.lock(self.condition.key()));
        self.mutex.revalidate(context);
    }

    /// Leaves the queue of the Condition. False if the waiter was notified or its wait completed before.
    fn dequeue(&self, context: &Context) -> bool {
        let mut queue = context.queues.lock(self.condition.key());
        // A notified waiter stands in the queue of its mutex, which is not locked here.
        let left = !self.waiter.was_notified() && queue.remove(&self.waiter);
        self.condition.clear_waiters_bit(&queue);
        left
    }

    /// Leaves the queue in which it stands, and passes on what it was given: the notification, too.
    fn cancel(&self, context: &Context) {
        if !self.dequeue(context) && self.waiter.was_notified() {
            self.locking().cancel(context);
            self.pass_notification_on(context);
        }
    }

    fn requeue_for_block(&mut self, context: &Context) {
        match &mut self.stage {
            Stage::Locking(locking, _) => locking.requeue_for_block(context),
            Stage::Notification => self.renotify_for_block(context),
        }
    }

    fn is_limited(&self) -> bool {
        matches!(self.stage, Stage::Notification)
    }
}
