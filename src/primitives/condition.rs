//! The Condition: threads that hold a mutex wait until somebody tells them that something may have changed.
//!
//! A waiter enters the queue before it unlocks the mutex, so a notification that follows any change made under the
//! mutex finds it. The word holds one bit, "somebody waits", which changes only under the lock of the queue: a bit
//! that the notifier cleared by itself would lose wake-ups. While it is clear, notifying is one load.
//!
//! A notified waiter is moved to the queue of its mutex and woken only when it is its turn there ("wait morphing", as
//! in Linux's FUTEX_REQUEUE and parking_lot): notifyAll wakes no herd.
//!
//! Orderings: the lock of the bucket orders waiting and notifying. The notifier's load is safe without it: a waiter
//! that must not be missed set the bit before it unlocked the mutex that the notifier's change was made under.

use super::{Fault, Locking, Mutex};
use crate::cell::SharedWord;
use crate::futex::Deadline;
use crate::queue::{
    Begun, Context, Key, Kind, Outcome, Party, QueueGuard, Queues, Wait, Waiter, WakeReason,
};
use crate::threads::{ThreadId, Threads};
use std::sync::Arc;
use std::task::Poll;

/// Nobody waits.
const EMPTY: u32 = 0;
/// Somebody waits.
const WAITERS: u32 = 1 << 30;

/// Why a wait ended, with the mutex owned again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notification {
    /// It was notified.
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
    /// The word of one that nobody waits for.
    pub const EMPTY: u32 = EMPTY;

    /// The condition in `cell`.
    pub fn new(cell: SharedWord) -> Self {
        Condition { cell }
    }

    /// The one instruction that JavaScript tries before it calls in.
    #[inline]
    pub fn has_no_waiters(self) -> bool {
        self.cell.load() == EMPTY
    }

    /// Unlocks `mutex`, waits to be notified until `deadline` or without limit, and locks `mutex` again. After a
    /// fault other than [`Fault::NotOwner`] and this cell's own corruption, the mutex is not owned.
    pub fn wait(
        self,
        mutex: Mutex,
        context: &Context,
        deadline: Option<Deadline>,
    ) -> Result<Notification, Fault> {
        self.begin(mutex, context, &Party::thread_of(context.thread))
            .block(context, deadline)
    }

    /// Begins to wait: unlocks `mutex`, which this party owns.
    pub fn begin(self, mutex: Mutex, context: &Context, party: &Party) -> Begun<Waiting> {
        let waiter = Waiter::at_condition(party, self.key(), mutex.cell(), Mutex::owner_of);
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

    /// Notifies up to `count` of those who wait, the longest waiting first, and returns how many.
    pub fn notify(self, context: &Context, count: usize) -> Result<usize, Fault> {
        if self.has_no_waiters() {
            return Ok(0);
        }
        // Those who begin to wait while this runs are not counted: it ends.
        let waiting = {
            let mut section = context.queues.lock(self.key());
            self.examine(&mut section)?;
            section.len(self.key())
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

    /// Notifies up to `count` of those at the front that wait with the same mutex: none are left to where nobody waits,
    /// and zero where somebody else came to the front meanwhile.
    fn notify_front(self, context: &Context, count: usize) -> Result<Option<usize>, Fault> {
        let mutex_of =
            |section: &QueueGuard| section.front(self.key()).and_then(|front| front.mutex());
        let Some(mutex) = mutex_of(&context.queues.lock(self.key())) else {
            return Ok(None);
        };
        let mutex_key = Key::new(mutex, Kind::Mutex);
        let mut section = context.queues.lock_pair(self.key(), mutex_key);
        self.examine(&mut section)?;
        let mut moved = Vec::new();
        while moved.len() < count && mutex_of(&section) == Some(mutex) {
            moved.extend(section.pop_front(self.key()));
        }
        let others_wait = !section.is_empty(self.key());
        let mutex = Mutex::new(mutex);
        self.let_in(
            mutex,
            context.queues.threads(),
            &mut section,
            &moved,
            others_wait,
        );
        let owner = mutex.living_owner();
        drop(section);
        // They wait for the owner from here on. If it is blocked itself, that may have closed a circle, of which only
        // they can be told: the others have looked before.
        if owner
            .is_some_and(|owner| owner != context.id() && context.queues.waits().is_blocked(owner))
        {
            moved.iter().for_each(|waiter| waiter.interrupt());
        }
        Ok(Some(moved.len()))
    }

    /// How many wait to be notified. Under the lock of the queue.
    pub fn waiting(self, section: &QueueGuard) -> Result<usize, Fault> {
        self.agreed(section)?;
        Ok(section.len(self.key()))
    }

    /// Moves waiters, which were taken out, to the queue of their mutex. Under the locks of both.
    fn let_in(
        self,
        mutex: Mutex,
        threads: &Threads,
        section: &mut QueueGuard,
        moved: &[Arc<Waiter>],
        others_wait: bool,
    ) {
        self.clear_waiters_bit(section);
        for waiter in moved {
            section.notify(waiter, others_wait);
        }
        mutex.admit(threads, section, moved);
    }

    /// A thread died: those who wait here with a mutex that it owned are told, as if they waited for the mutex.
    ///
    /// The cells are touched only while somebody who keeps their memory is queued, under the lock.
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
            let mut section = queues.lock_pair(key, Key::new(mutex, Kind::Mutex));
            let moved: Vec<_> = section
                .waiters(key)
                .filter(|waiter| waiter.mutex() == Some(mutex))
                .cloned()
                .collect();
            for waiter in &moved {
                section.remove(waiter);
            }
            if !moved.is_empty() {
                let mutex = Mutex::new(mutex);
                condition.let_in(mutex, queues.threads(), &mut section, &moved, false);
            }
        }
    }

    fn key(self) -> Key {
        Key::new(self.cell, Kind::Condition)
    }

    /// Sets the bit. Under the lock of the queue.
    fn set_waiters_bit(self, section: &mut QueueGuard) -> Result<(), Fault> {
        while self.examine(section)? == EMPTY {
            if self.cell.replace(EMPTY, WAITERS) {
                break;
            }
        }
        Ok(())
    }

    /// Clears the bit if nobody waits any longer. Under the lock of the queue.
    fn clear_waiters_bit(self, section: &QueueGuard) {
        if section.is_empty(self.key()) {
            // Fails only where the cell was written over, and then whoever looks next will tell.
            self.cell.replace(WAITERS, EMPTY);
        }
    }

    /// Reads the word, which has to agree with the queue. Under the lock of the queue.
    fn agreed(self, section: &QueueGuard) -> Result<u32, Fault> {
        match self.cell.load() {
            WAITERS => Ok(WAITERS),
            EMPTY if section.is_empty(self.key()) => Ok(EMPTY),
            word => Err(Fault::Corrupt(word)),
        }
    }

    /// As [`Condition::agreed`]; a word that was written over is told to everybody who waits.
    fn examine(self, section: &mut QueueGuard) -> Result<u32, Fault> {
        let word = self.agreed(section);
        if let Err(Fault::Corrupt(word)) = word {
            section.settle_all(self.key(), Outcome::Corrupt(word));
        }
        word
    }
}

/// A wait at a Condition.
pub struct Waiting {
    condition: Condition,
    mutex: Mutex,
    /// Stands in the Condition's queue, and when it was notified in the mutex's.
    waiter: Arc<Waiter>,
    stage: Stage,
}

/// How far a wait has come.
enum Stage {
    /// It waits to be notified.
    Notification,
    /// It locks the mutex again, and comes to this then.
    Locking(Locking, Result<Notification, Fault>),
}

impl Waiting {
    /// Enters the queue, and unlocks the mutex.
    fn start(&self, context: &Context) -> Result<(), Fault> {
        let party = self.waiter.party();
        self.mutex
            .assert_owned_as(context.queues.threads(), party)?;
        {
            let mut section = context.queues.lock(self.condition.key());
            self.condition.set_waiters_bit(&mut section)?;
            section.push_back(&self.waiter);
        }
        let unlocked = self.mutex.unlock_as(context, party);
        if unlocked.is_err() {
            self.cancel(context);
        }
        unlocked
    }

    /// The wait for the mutex of a waiter that was notified.
    fn locking(&self) -> Locking {
        Locking::of(self.mutex, Arc::clone(&self.waiter))
    }

    /// Locks the mutex, and comes to `result` then.
    fn lock_again(
        &mut self,
        context: &Context,
        result: Result<Notification, Fault>,
    ) -> Poll<Result<Notification, Fault>> {
        match self.mutex.begin(context, self.waiter.party()) {
            Begun::Done(Ok(_)) => Poll::Ready(result),
            Begun::Done(Err(fault)) => Poll::Ready(Err(fault)),
            Begun::WaitGraph(locking) => {
                self.stage = Stage::Locking(locking, result);
                Poll::Pending
            }
        }
    }

    /// Gives up, wherever the waiter stands by now.
    fn cancel(&self, context: &Context) {
        if !self.leave(context) && self.waiter.was_notified() {
            self.locking().cancel(context);
            self.pass_on(context);
        }
    }

    /// Leaves the Condition's queue; false where it was notified or settled before.
    fn leave(&self, context: &Context) -> bool {
        let mut section = context.queues.lock(self.condition.key());
        // A notified waiter stands in the queue of its mutex, which is not locked here.
        let left = !self.waiter.was_notified() && section.remove(&self.waiter);
        self.condition.clear_waiters_bit(&section);
        left
    }

    /// Nobody will act on the notification that the waiter was chosen for: somebody else has to.
    fn pass_on(&self, context: &Context) {
        if self.waiter.was_notified_one() {
            // A fault was told to everybody who waits.
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
                WakeReason::TimedOut if self.leave(context) => {
                    return self.lock_again(context, Ok(Notification::TimedOut));
                }
                // Settled without a notification: the cell was written over.
                _ if !self.waiter.was_notified() => {
                    let word = match self.waiter.outcome() {
                        Some(Outcome::Corrupt(word)) => word,
                        _ => self.condition.cell.load(),
                    };
                    return self.lock_again(context, Err(Fault::Corrupt(word)));
                }
                _ => {
                    self.stage = Stage::Locking(self.locking(), Ok(Notification::Received));
                    // The time limit was that of the notification. Locking again has none.
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
        // A fault is told to everybody who waits.
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
