//! The word of an RwLock and its queue: which waiter enters next.

use super::{ReadCounts, Request};
use crate::cell::SharedWord;
use crate::primitives::wait::corrupt;
use crate::primitives::{Fault, Recovered};
use crate::queue::{DeadOwner, Key, Kind, Outcome, Owner, QueueGuard, Waiter};
use crate::threads::{Status, ThreadId, Threads};
use std::sync::Arc;

// The word, bit by bit:
//
// | bit   | name    | meaning                                                     |
// | ----- | ------- | ----------------------------------------------------------- |
// | 0-28  | NUMBER  | the writer's thread id, or how many reads are held          |
// | 29    | WAITERS | waiters are queued                                          |
// | 30-31 | MODE    | 0: reads; 1: WRITER; 2: GUARD; 3: ABANDONED                 |

/// The writer's thread id (its worker's `threadId + 1`), or how many reads are held.
pub const NUMBER: u32 = ThreadId::MAX;
/// Waiters are queued.
pub const WAITERS: u32 = 1 << 29;
/// What the number means. With neither bit it counts reads.
pub const MODE: u32 = 3 << 30;
/// A thread writes.
pub const WRITER: u32 = 1 << 30;
/// A guard writes: a promise to write was fulfilled with it. JavaScript's unlock of a lock that the thread owns
/// itself fails on it.
pub const GUARD: u32 = 2 << 30;
/// A thread died while it held the lock: only recovery may enter. The number counts the reads that living threads
/// hold.
const ABANDONED: u32 = 3 << 30;

/// Whether waiters are queued.
pub fn has_waiters(word: u32) -> bool {
    word & WAITERS != 0
}

/// Whether the word says that the writer with this claim holds the lock, with waiters or without.
pub fn is_claimed_by(word: u32, claim: u32) -> bool {
    word & !WAITERS == claim
}

/// The word with the waiters bit set or cleared.
fn with_waiters_bit(word: u32, is_set: bool) -> u32 {
    if is_set {
        word | WAITERS
    } else {
        word & !WAITERS
    }
}

/// The waiters bit alone: the word of a free lock with the same bit.
pub fn waiters_bit_of(word: u32) -> u32 {
    word & WAITERS
}

/// What a word says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// This many reads are held. The lock is free if there are none.
    Reads(u32),
    /// This thread writes, by itself or by a guard.
    Written(ThreadId),
    /// A thread died while it held the lock, and living threads hold this many reads.
    Abandoned(u32),
    /// No RwLock writes this word.
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

/// The word when `owner` writes and no waiter is queued.
pub fn claim_of(owner: Owner) -> u32 {
    owner.id().get() | if owner.is_guard() { GUARD } else { WRITER }
}

/// What a caller asks for.
#[derive(Clone, Copy)]
pub struct Asks {
    pub owner: Owner,
    pub request: Request,
    pub place: Place,
}

/// What a caller does that cannot enter.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// It gives up.
    Passing,
    /// It enters the queue behind the others.
    New,
    /// It was woken to compete, and returns to the front of the queue.
    Woken,
}

/// The word of an RwLock, and its queue.
#[derive(Clone, Copy, Debug)]
pub struct RawRwLock {
    pub cell: SharedWord,
}

impl RawRwLock {
    pub fn key(self) -> Key {
        Key::new(self.cell, Kind::RwLock)
    }

    /// Adds a read, if there is no writer and no waiter.
    pub fn try_read_fast(self) -> bool {
        let word = self.cell.load();
        word < NUMBER && self.cell.replace(word, word + 1)
    }

    /// Removes a read, if there is no waiter.
    pub fn unlock_read_fast(self) -> bool {
        let word = self.cell.load();
        (1..=NUMBER).contains(&word) && self.cell.replace(word, word - 1)
    }

    /// Enters for a waiter that was woken to compete, if the lock is free for it. `more` says whether others wait
    /// behind it: then it restores the waiters bit.
    pub fn try_compete(self, owner: Owner, request: Request, more: bool) -> bool {
        let word = self.cell.load();
        let is_marked = more || has_waiters(word);
        let after = match (State::of(word), request) {
            (State::Reads(reads), Request::Read) if reads < NUMBER => word + 1,
            (State::Reads(0), Request::Write | Request::Recover) => claim_of(owner),
            _ => return false,
        };
        self.cell.replace(word, with_waiters_bit(after, is_marked))
    }

    /// Lets `owner` enter if it need not wait, neither for the holders nor for the waiters. Else returns none, with
    /// the waiters bit set unless the caller gives up: it is about to enter the queue. Returns a fault if its thread
    /// would wait for itself.
    pub fn try_enter(
        self,
        threads: &Threads,
        queue: &mut QueueGuard,
        Asks {
            owner,
            request,
            place,
        }: Asks,
        held: ReadCounts,
    ) -> Result<Option<Recovered>, Fault> {
        self.grant_waiters(threads, queue)?;
        loop {
            let word = self.cell.load();
            // While a waiter that was woken is on its way, others may pass.
            let first =
                place == Place::Woken || !has_waiters(word) || !queue.has_present(self.key());
            let (after, entered) = match (State::of(word), request) {
                (State::Abandoned(_), Request::Read | Request::Write) => {
                    return Err(self.abandoned(queue, word));
                }
                (State::Reads(reads), Request::Read) if first && reads < NUMBER => {
                    (word + 1, Recovered::Acquired)
                }
                (State::Reads(0), Request::Write | Request::Recover) if first => {
                    (claim_of(owner), Recovered::Acquired)
                }
                (State::Abandoned(0), Request::Recover) if first => {
                    (claim_of(owner), Recovered::Cleared)
                }
                (State::Corrupt, _) => return Err(corrupt(queue, self.key(), word)),
                (state, _) => {
                    let inside = held.any() || state == State::Written(owner.id());
                    if inside && !owner.is_guard() {
                        return Err(Fault::Recursive);
                    }
                    if place == Place::Passing
                        || self.cell.replace(word, with_waiters_bit(word, true))
                    {
                        return Ok(None);
                    }
                    continue;
                }
            };
            let after = match place {
                Place::Woken => with_waiters_bit(after, queue.has_present(self.key())),
                Place::Passing | Place::New => after,
            };
            if self.cell.replace(word, after) {
                if entered == Recovered::Cleared {
                    queue.forget_dead_owner(self.key());
                }
                return Ok(Some(entered));
            }
        }
    }

    /// Wakes the waiters at the front that can enter now: one writer, or all readers up to the next writer. They
    /// compete for the lock, or are handed it after a long wait. Makes the waiters bit agree with the queue. If a
    /// holder died, ends all waits except those of recovery. If the cell was written over, ends all waits.
    pub fn grant_waiters(self, threads: &Threads, queue: &mut QueueGuard) -> Result<(), Fault> {
        // Whether readers were woken to compete.
        let mut woken = false;
        loop {
            let word = self.cell.load();
            match State::of(word) {
                State::Corrupt => return Err(corrupt(queue, self.key(), word)),
                State::Written(writer) => match threads.status(writer) {
                    Status::Alive => {}
                    Status::Dead => {
                        self.abandon(queue, word, DeadOwner::Known(writer), 0);
                        continue;
                    }
                    Status::Unknown => return Err(corrupt(queue, self.key(), word)),
                },
                State::Abandoned(_) => {
                    let Some(dead) = queue.dead_owner(self.key()) else {
                        return Err(corrupt(queue, self.key(), word));
                    };
                    self.fail_waiters(queue, dead);
                }
                State::Reads(_) => {}
            }
            let may_enter = |waiter: &Waiter| {
                let waits_for_readers = woken && Request::of(waiter) != Request::Read;
                self.entry(word, waiter).filter(|_| !waits_for_readers)
            };
            let next = queue
                .next_admissible(self.key(), |waiter| may_enter(waiter).is_some())
                .and_then(|next| Some((may_enter(&next)?, next)));
            let is_next = |waiter: &Arc<Waiter>| matches!(&next, Some((_, next)) if Arc::ptr_eq(next, waiter));
            let others_remain = queue.present(self.key()).any(|waiter| !is_next(waiter));
            let competes = next
                .as_ref()
                .is_some_and(|((_, outcome), next)| self.competes(queue, next, *outcome));
            let after = match &next {
                // The woken waiter restores the bit, or looks into the queue again.
                _ if competes => with_waiters_bit(word, false),
                None if woken => word,
                None => with_waiters_bit(word, others_remain),
                Some(((after, _), _)) => with_waiters_bit(*after, others_remain),
            };
            if word != after && !self.cell.replace(word, after) {
                continue;
            }
            if has_waiters(word) && !has_waiters(after) {
                // From here on reads and writes end without the lock of the queue, and are not counted.
                queue.note_gap(self.key());
            }
            let Some(((_, outcome), next)) = next else {
                return Ok(());
            };
            queue.remove(&next);
            if !competes {
                if outcome == Outcome::Granted {
                    queue.note_handoff(self.key());
                }
                queue.complete(next, outcome);
                continue;
            }
            woken = Request::of(&next) == Request::Read;
            let more = !queue.is_empty(self.key());
            queue.complete(next, Outcome::Retry { more });
            if !woken {
                return Ok(());
            }
        }
    }

    /// Whether `next`, which could be given `outcome`, is woken to compete instead.
    fn competes(self, queue: &QueueGuard, next: &Waiter, outcome: Outcome) -> bool {
        outcome == Outcome::Granted
            && Request::of(next) != Request::Recover
            && !queue.handoff_due(next)
    }

    /// The word, but for the waiters bit, once this waiter has entered, and its outcome. None if it has to wait.
    fn entry(self, word: u32, next: &Waiter) -> Option<(u32, Outcome)> {
        let claim = claim_of(Owner::from(next.requester()));
        match (State::of(word), Request::of(next)) {
            (State::Reads(reads), Request::Read) if reads < NUMBER => {
                Some((reads + 1, Outcome::Granted))
            }
            (State::Reads(0), Request::Write | Request::Recover) => Some((claim, Outcome::Granted)),
            (State::Abandoned(0), Request::Recover) => Some((claim, Outcome::GrantedAbandoned)),
            _ => None,
        }
    }

    /// Marks `word` as abandoned by `dead`, with `reads` reads of living threads left, and ends the waits. False if
    /// the word has changed.
    pub fn abandon(self, queue: &mut QueueGuard, word: u32, dead: DeadOwner, reads: u32) -> bool {
        let abandoned = self
            .cell
            .replace(word, ABANDONED | waiters_bit_of(word) | reads);
        if abandoned {
            if let DeadOwner::Known(dead) = dead {
                queue.note_dead_owner(self.key(), dead);
            }
            self.fail_waiters(queue, dead);
        }
        abandoned
    }

    /// Ends all waits, except those of recovery, because a holder died.
    fn fail_waiters(self, queue: &mut QueueGuard, dead: DeadOwner) {
        let failed: Vec<_> = queue
            .waiters(self.key())
            .filter(|waiter| Request::of(waiter) != Request::Recover)
            .cloned()
            .collect();
        for waiter in failed {
            queue.remove(&waiter);
            queue.complete(waiter, Outcome::OwnerDied(dead.thread()));
        }
    }

    fn abandoned(self, queue: &mut QueueGuard, word: u32) -> Fault {
        match queue.dead_owner(self.key()) {
            Some(dead) => Fault::Abandoned(dead.thread()),
            None => corrupt(queue, self.key(), word),
        }
    }

    /// The thread that died while it held the lock. None if the cell was written over.
    pub fn dead(self, queue: &QueueGuard) -> Option<DeadOwner> {
        queue.dead_owner(self.key())
    }
}
