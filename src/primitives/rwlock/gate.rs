//! The word of an RwLock and the queue behind it: who is let in next.

use super::{Held, Request};
use crate::cell::SharedWord;
use crate::primitives::{Fault, Recovered};
use crate::queue::{DeadOwner, Key, Kind, Outcome, Party, QueueGuard, Waiter};
use crate::threads::{Status, ThreadId, Threads};
use std::sync::Arc;

/// The writer's number (its worker's `threadId + 1`), or how many reads are held.
pub const NUMBER: u32 = ThreadId::MAX;
/// Somebody is queued.
pub const WAITERS: u32 = 1 << 29;
/// What the number means: without any of these two bits, reads.
const MODE: u32 = 3 << 30;
/// A thread writes.
pub const WRITER: u32 = 1 << 30;
/// A guard writes: what a promise to write was fulfilled with. JavaScript's unlock of the thread's own lock fails on it.
pub const GUARD: u32 = 2 << 30;
/// Somebody died inside: nobody is let in but to recover. The number is that of the reads that the living hold.
const ABANDONED: u32 = 3 << 30;

/// What a word says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// So many reads are held; free, where none is.
    Reads(u32),
    /// This thread writes, by itself or by a guard.
    Written(ThreadId),
    /// Somebody died inside, and so many reads are held by the living.
    Abandoned(u32),
    /// No lock writes this.
    Corrupt,
}

impl State {
    pub fn of(word: u32) -> Self {
        let number = word & NUMBER;
        match word & MODE {
            WRITER | GUARD => ThreadId::new(number).map_or(State::Corrupt, State::Written),
            ABANDONED => State::Abandoned(number),
            _ => State::Reads(number),
        }
    }
}

/// Whether somebody is let in at once.
pub enum Admission {
    /// It is inside.
    Entered(Recovered),
    /// By this word it has to wait.
    Refused(u32),
}

/// What the word says when this party writes, and nobody is queued.
pub fn claim_of(party: &Party) -> u32 {
    let mode = if party.is_promise() { GUARD } else { WRITER };
    party.thread().get() | mode
}

/// The word of an RwLock, and its queue.
#[derive(Clone, Copy, Debug)]
pub struct Gate {
    pub cell: SharedWord,
}

impl Gate {
    pub fn key(self) -> Key {
        Key::new(self.cell, Kind::RwLock)
    }

    /// One more read, while nobody writes or is queued.
    pub fn try_read_fast(self) -> bool {
        let word = self.cell.load();
        word < NUMBER && self.cell.replace(word, word + 1)
    }

    /// One read less, while nobody is queued.
    pub fn unlock_read_fast(self) -> bool {
        let word = self.cell.load();
        (1..=NUMBER).contains(&word) && self.cell.replace(word, word - 1)
    }

    /// Lets `party` in if that takes no waiting, neither for those inside nor for those who are queued. Fails where its
    /// thread would wait for itself.
    pub fn admit(
        self,
        threads: &Threads,
        section: &mut QueueGuard,
        party: &Party,
        request: Request,
        held: Held,
    ) -> Result<Admission, Fault> {
        self.grant_waiters(threads, section)?;
        loop {
            let word = self.cell.load();
            let first = !section.is_anybody_present(self.key());
            let (after, entered) = match (State::of(word), request) {
                (State::Abandoned(_), Request::Read | Request::Write) => {
                    return Err(self.abandoned(section, word));
                }
                (State::Reads(reads), Request::Read) if first && reads < NUMBER => {
                    (word + 1, Recovered::Acquired)
                }
                (State::Reads(0), Request::Write | Request::Recover) if first => {
                    (claim_of(party), Recovered::Acquired)
                }
                (State::Abandoned(0), Request::Recover) if first => {
                    (claim_of(party), Recovered::Cleared)
                }
                (State::Corrupt, _) => return Err(self.corrupt(section, word)),
                (state, _) => {
                    let inside = held.any() || state == State::Written(party.thread());
                    if inside && !party.is_promise() {
                        return Err(Fault::Recursive);
                    }
                    return Ok(Admission::Refused(word));
                }
            };
            if self.cell.replace(word, after) {
                if entered == Recovered::Cleared {
                    section.forget_dead_owner(self.key());
                }
                return Ok(Admission::Entered(entered));
            }
        }
    }

    /// Queues one that was refused by `word`. False where that has changed meanwhile: it may be admitted now.
    pub fn queue_up(self, section: &mut QueueGuard, word: u32, waiter: &Arc<Waiter>) -> bool {
        let queued = self.cell.replace(word, word | WAITERS);
        if queued {
            section.push_back(waiter);
        }
        queued
    }

    /// Lets those at the front in, as far as they can be, and makes the bit say whether anybody is left. Tells them all
    /// where a writer died or the cell was written over; only those who came to recover stay then.
    pub fn grant_waiters(self, threads: &Threads, section: &mut QueueGuard) -> Result<(), Fault> {
        loop {
            let word = self.cell.load();
            match State::of(word) {
                State::Corrupt => return Err(self.corrupt(section, word)),
                State::Written(writer) => match threads.status(writer) {
                    Status::Alive => {}
                    Status::Dead => {
                        self.abandon(section, word, DeadOwner::Known(writer), 0);
                        continue;
                    }
                    Status::Unknown => return Err(self.corrupt(section, word)),
                },
                State::Abandoned(_) => {
                    let Some(dead) = section.dead_owner(self.key()) else {
                        return Err(self.corrupt(section, word));
                    };
                    self.tell(section, dead);
                }
                State::Reads(_) => {}
            }
            let next = section
                .next_of_those_who(self.key(), |waiter| self.entry(word, waiter).is_some())
                .and_then(|next| Some((self.entry(word, &next)?, next)));
            let after = match &next {
                Some(((after, _), _)) => *after,
                None => word & !WAITERS,
            };
            let is_next = |waiter: &Arc<Waiter>| matches!(&next, Some((_, next)) if Arc::ptr_eq(next, waiter));
            let is_anybody_left = section.present(self.key()).any(|waiter| !is_next(waiter));
            let after = if is_anybody_left {
                after | WAITERS
            } else {
                after
            };
            if word != after && !self.cell.replace(word, after) {
                continue;
            }
            let Some(((_, outcome), next)) = next else {
                return Ok(());
            };
            section.remove(&next);
            section.settle(next, outcome);
        }
    }

    /// The word when this one is let in, but for the bit, and what it is told; none where it has to wait.
    fn entry(self, word: u32, next: &Waiter) -> Option<(u32, Outcome)> {
        let claim = claim_of(next.party());
        match (State::of(word), Request::of(next)) {
            (State::Reads(reads), Request::Read) if reads < NUMBER => {
                Some((reads + 1, Outcome::Granted))
            }
            (State::Reads(0), Request::Write | Request::Recover) => Some((claim, Outcome::Granted)),
            (State::Abandoned(0), Request::Recover) => Some((claim, Outcome::GrantedAbandoned)),
            _ => None,
        }
    }

    /// Marks what `word` says as abandoned by `dead`, with so many reads of the living left, and tells those who wait.
    /// False where the word has changed.
    pub fn abandon(self, section: &mut QueueGuard, word: u32, dead: DeadOwner, reads: u32) -> bool {
        let abandoned = self
            .cell
            .replace(word, ABANDONED | (word & WAITERS) | reads);
        if abandoned {
            if let DeadOwner::Known(dead) = dead {
                section.note_dead_owner(self.key(), dead);
            }
            self.tell(section, dead);
        }
        abandoned
    }

    /// Tells everybody that somebody died inside, but those who came to recover.
    fn tell(self, section: &mut QueueGuard, dead: DeadOwner) {
        let told: Vec<_> = section
            .waiters(self.key())
            .filter(|waiter| Request::of(waiter) != Request::Recover)
            .cloned()
            .collect();
        for waiter in told {
            section.remove(&waiter);
            section.settle(waiter, Outcome::OwnerDied(dead.thread()));
        }
    }

    fn abandoned(self, section: &mut QueueGuard, word: u32) -> Fault {
        match section.dead_owner(self.key()) {
            Some(dead) => Fault::Abandoned(dead.thread()),
            None => self.corrupt(section, word),
        }
    }

    /// Who died inside; none where the cell was written over.
    pub fn dead(self, section: &QueueGuard) -> Option<DeadOwner> {
        section.dead_owner(self.key())
    }

    /// Tells everybody who waits that the cell was written over.
    pub fn corrupt(self, section: &mut QueueGuard, word: u32) -> Fault {
        section.settle_all(self.key(), Outcome::Corrupt(word));
        Fault::Corrupt(word)
    }
}
