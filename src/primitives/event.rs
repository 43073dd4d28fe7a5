//! The Event: set or not. Waits pass while it is set. With automatic reset each set lets one wait pass.
//!
//! `set` completes the waits that stand in the queue at that moment, each by an outcome of its own. So a waiter that was
//! released stays released, even if the event is reset before it runs. With automatic reset, `set` hands the event to
//! the waiter at the front. If there is none, the event stays set until one wait takes it. A waiter that was handed the
//! event and cannot use it passes it on, as if it were set again.
//!
//! A waiter sets the waiters bit under the lock of the queue before it sleeps. The invariant: while a waiter is queued,
//! the bit is set, and `set` looks into the queue. With automatic reset, promises whose threads are blocked do not count.
//! They are passed over, and their threads look into the queue when they resume.
//!
//! Orderings: every `set` is a read-modify-write that releases, even if the event is set already. So a wait that passes
//! acquires what all threads that set the event before released. A waiter that slept acquires it from its outcome.

use super::select::{Watched, tell_watchers, watchers};
use super::wait::{Step, corrupt, enter_queue, fault_of};
use super::{Fault, Wait};
use crate::cell::SharedWord;
use crate::futex::Deadline;
use crate::queue::{Aim, Context, Key, Kind, Outcome, QueueGuard, Requester, Waiter};
use crate::threads::Interrupt;
use std::sync::Arc;
use std::task::Poll;

// The word, bit by bit:
//
// | bit | name      | meaning                                        |
// | --- | --------- | ---------------------------------------------- |
// | 0   | SET       | the event is set                               |
// | 1   | AUTOMATIC | beside one of the others: resets automatically |
// | 30  | WAITERS   | not set, and there are waiters                 |

/// Not set, and there are no waiters.
const FREE: u32 = 0;
/// The event is set.
const SET: u32 = 1;
/// The event resets automatically. Stands beside `SET` or `WAITERS`, so that a thread which constructed the event
/// without automatic reset takes the word for corrupt.
const AUTOMATIC: u32 = 1 << 1;
/// The event is not set, and there are waiters.
const WAITERS: u32 = 1 << 30;

/// What a word says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Set,
    /// Not set, with waiters or without.
    Unset,
}

/// The Event in one cell.
#[derive(Clone, Copy, Debug)]
pub struct Event {
    cell: SharedWord,
    automatic: bool,
}

impl Event {
    /// The word of an event that is set, without automatic reset.
    pub const SET: u32 = SET;
    /// What automatic reset adds to each word but the fresh one.
    pub const AUTOMATIC: u32 = AUTOMATIC;

    /// The event in `cell`. If it is `automatic`, each wait that passes resets it.
    pub fn new(cell: SharedWord, automatic: bool) -> Self {
        Event { cell, automatic }
    }

    /// What JavaScript tries before it calls native code: passes if the event is set.
    #[inline]
    pub fn try_wait_fast(self) -> bool {
        if self.automatic {
            self.cell.replace(self.set_word(), FREE)
        } else {
            self.cell.load() == self.set_word()
        }
    }

    /// What JavaScript tries before it calls native code: sets the event while there are no waiters.
    #[inline]
    pub fn set_fast(self) -> bool {
        let word = self.cell.load();
        // Setting an event that is set publishes what this thread wrote before.
        (word == FREE || word == self.set_word()) && self.cell.replace(word, self.set_word())
    }

    /// Waits until the event is set or `deadline` passes, or without limit.
    pub fn wait(self, context: &Context, deadline: Option<Deadline>) -> Result<(), Fault> {
        if self.try_wait_fast() {
            return Ok(());
        }
        Awaiting::new(self, &Requester::thread_of(context.thread)).block(context, deadline)?;
        // A thread that is being terminated cannot use what it was handed meanwhile.
        if self.automatic && context.thread.check_interrupts(context.runtime) == Interrupt::Stop {
            // Fails only if the cell was written over, and then it has ended all waits.
            self.set(context).ok();
            return Err(Fault::Interrupted);
        }
        Ok(())
    }

    /// Passes if the event is set.
    pub fn try_wait(self) -> Result<(), Fault> {
        loop {
            if self.try_wait_fast() {
                return Ok(());
            }
            if !self.is_set()? {
                return Err(Fault::TimedOut);
            }
        }
    }

    /// Sets the event.
    pub fn set(self, context: &Context) -> Result<(), Fault> {
        if self.set_fast() {
            return Ok(());
        }
        self.set_locked(&mut context.queues.lock(self.key()))
    }

    /// Resets the event: waits that begin after this do not pass until it is set again.
    pub fn reset(self) -> Result<(), Fault> {
        while self.is_set()? {
            if self.cell.replace(self.set_word(), FREE) {
                break;
            }
        }
        Ok(())
    }

    /// Whether the event is set.
    pub fn is_set(self) -> Result<bool, Fault> {
        let word = self.cell.load();
        let state = self.state(word).ok_or(Fault::Corrupt(word))?;
        Ok(state == State::Set)
    }

    fn set_word(self) -> u32 {
        SET | self.mode()
    }

    fn waiters_word(self) -> u32 {
        WAITERS | self.mode()
    }

    fn mode(self) -> u32 {
        if self.automatic { AUTOMATIC } else { 0 }
    }

    /// None for a word that this event never writes.
    fn state(self, word: u32) -> Option<State> {
        if word == self.set_word() {
            Some(State::Set)
        } else if word == FREE || word == self.waiters_word() {
            Some(State::Unset)
        } else {
            None
        }
    }

    fn key(self) -> Key {
        Key::new(self.cell, Kind::Event)
    }

    /// Reads the word. A word that was written over ends all waits.
    fn examine(self, queue: &mut QueueGuard) -> Result<(u32, State), Fault> {
        let word = self.cell.load();
        match self.state(word) {
            Some(state) => Ok((word, state)),
            None => Err(corrupt(queue, self.key(), word)),
        }
    }

    /// Sets the event under the lock of the queue.
    fn set_locked(self, queue: &mut QueueGuard) -> Result<(), Fault> {
        loop {
            let (word, state) = self.examine(queue)?;
            if self.automatic
                && state == State::Unset
                && let Some(next) = queue.next(self.key())
            {
                // The event is never seen set, so no running thread passes before the waiter.
                if self.hand_off(queue, word, next) {
                    return Ok(());
                }
            } else if self.cell.replace(word, self.set_word()) {
                return self.grant_waiters(queue);
            }
        }
    }

    /// Hands the event to `next`: replaces `word` by the word without the event. Returns false if the word has changed.
    fn hand_off(self, queue: &mut QueueGuard, word: u32, next: Arc<Waiter>) -> bool {
        let has_more = queue
            .present(self.key())
            .any(|more| !Arc::ptr_eq(more, &next))
            || !queue.is_empty(watchers(self.cell));
        let after = if has_more { self.waiters_word() } else { FREE };
        let handed_off = self.cell.replace(word, after);
        if handed_off {
            queue.remove(&next);
            queue.complete(next, Outcome::Granted);
        }
        handed_off
    }

    /// Completes the waits that can pass, and makes the waiters bit agree with the queue.
    fn grant_waiters(self, queue: &mut QueueGuard) -> Result<(), Fault> {
        loop {
            let (word, state) = self.examine(queue)?;
            match state {
                State::Set if !self.automatic => {
                    queue.complete_all(self.key(), Outcome::Passed);
                    tell_watchers(queue, self.cell);
                    return Ok(());
                }
                State::Set => match queue.next(self.key()) {
                    Some(next) => {
                        self.hand_off(queue, word, next);
                    }
                    None => {
                        // All watchers: the thread that takes the event resets the word, without a look into the queue.
                        tell_watchers(queue, self.cell);
                        return Ok(());
                    }
                },
                State::Unset => {
                    let after = if self.has_waiters(queue) {
                        self.waiters_word()
                    } else {
                        FREE
                    };
                    if word == after || self.cell.replace(word, after) {
                        return Ok(());
                    }
                }
            }
        }
    }

    /// Whether `set` has to look into the queue. Without automatic reset a promise whose thread is blocked counts: the
    /// event may be reset before that thread resumes.
    fn has_waiters(self, queue: &QueueGuard) -> bool {
        let has_waiters = if self.automatic {
            queue.has_present(self.key())
        } else {
            !queue.is_empty(self.key())
        };
        has_waiters || !queue.is_empty(watchers(self.cell))
    }

    /// Passes and returns true, or sets the waiters bit for a caller that is about to enter the queue.
    fn pass_or_set_waiters_bit(self, queue: &mut QueueGuard) -> Result<bool, Fault> {
        self.grant_waiters(queue)?;
        loop {
            let (word, state) = self.examine(queue)?;
            let (after, passed) = match state {
                State::Set if self.automatic => (FREE, true),
                State::Set => return Ok(true),
                State::Unset => (self.waiters_word(), false),
            };
            if self.cell.replace(word, after) {
                return Ok(passed);
            }
        }
    }
}

/// A select that found the event not set. It is told when the event is set, and nothing is handed to it.
impl Watched for Event {
    fn cell(&self) -> SharedWord {
        self.cell
    }

    /// Sets the waiters bit, or tells it that the event is set.
    fn update(&self, queue: &mut QueueGuard) {
        // A fault has told it to look.
        self.grant_waiters(queue).ok();
    }

    fn left(&self, queue: &mut QueueGuard) {
        self.update(queue);
    }
}

/// A wait for an Event.
pub struct Awaiting {
    event: Event,
    waiter: Arc<Waiter>,
}

impl Awaiting {
    /// A wait of `requester` for `event`.
    pub fn new(event: Event, requester: &Requester) -> Self {
        Awaiting {
            event,
            waiter: Waiter::new(requester, event.key(), Aim::default()),
        }
    }
}

impl Wait for Awaiting {
    type Output = ();

    fn waiter(&self) -> &Arc<Waiter> {
        &self.waiter
    }

    fn start(&mut self, context: &Context) -> Step<()> {
        enter_queue(context, &self.waiter, |queue| {
            let passed = self.event.pass_or_set_waiters_bit(queue)?;
            Ok(passed.then_some(()))
        })
    }

    fn completed(&mut self, _context: &Context, outcome: Outcome) -> Step<()> {
        Poll::Ready(match outcome {
            Outcome::Passed | Outcome::Granted => Ok(()),
            outcome => Err(fault_of(&self.waiter, outcome)),
        })
    }

    fn update(&self, _context: &Context, queue: &mut QueueGuard) {
        // A fault has already ended all waits.
        self.event.grant_waiters(queue).ok();
    }

    fn pass_on(&self, _context: &Context, queue: &mut QueueGuard, outcome: Outcome) {
        if outcome == Outcome::Granted {
            // A fault has already ended all waits.
            self.event.set_locked(queue).ok();
        }
    }
}
