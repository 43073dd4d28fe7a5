//! The records of the waits that last: what each blocked thread waits for. They tell a supervisor who hangs where, and
//! whether threads wait for each other in a circle.
//!
//! Deadlock: an edge leads from a thread that waits without limit to the owner of what it waits for. The records are
//! made and the edges followed under one lock, and a record goes away, under that lock, before its thread goes on. So
//! no false circle is found: its last edge leads to the thread that asks, which owns that lock for as long as it asks;
//! so the waiter on it cannot go on, and owns what it owns for as long; and so on backwards around the circle. And no
//! true one is missed: the thread that blocks last finds the records of all others.

use super::section::Key;
use super::waiter::Waiter;
use crate::futex::Deadline;
use crate::sync::{Mutex, lock};
use crate::threads::ThreadId;
use std::collections::HashMap;
use std::sync::Arc;

/// One thread of a circle of waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// The thread.
    pub thread: ThreadId,
    /// What it owns, and the link before it waits for.
    pub holds: Key,
    /// What it waits for, and the next link owns.
    pub waits_for: Key,
}

/// A wait that lasts, as it was a moment ago.
#[derive(Clone, Copy, Debug)]
pub struct LastingWait {
    /// Who waits.
    pub thread: ThreadId,
    /// For what. Its cell is not to be read: the waiter, who keeps its memory, may be gone.
    pub key: Key,
    /// Who owns it.
    pub owner: Option<ThreadId>,
    /// Since when.
    pub since: Deadline,
}

/// The waits that last, a stack a thread: while a blocked thread serves its runtime, code of the user's may block it
/// again.
pub struct Waits {
    records: Mutex<HashMap<ThreadId, Vec<Record>>>,
}

struct Record {
    waiter: Arc<Waiter>,
    /// Whether the wait has a time limit. That of a Condition's waiter ends when it is notified.
    limited: bool,
    /// Whether its thread was told of a circle, and so breaks it.
    gives_up: bool,
}

/// A record, which goes away when this is dropped.
pub struct Recorded<'a> {
    waits: &'a Waits,
    thread: ThreadId,
}

impl Drop for Recorded<'_> {
    fn drop(&mut self) {
        let mut records = lock(&self.waits.records);
        if let Some(stack) = records.get_mut(&self.thread) {
            stack.pop();
            if stack.is_empty() {
                records.remove(&self.thread);
            }
        }
    }
}

impl Waits {
    pub(super) fn new() -> Self {
        Waits {
            records: Mutex::new(HashMap::new()),
        }
    }

    /// Makes the record of a wait of the calling thread.
    pub fn record(&self, waiter: &Arc<Waiter>, limited: bool) -> Recorded<'_> {
        let thread = waiter.thread();
        lock(&self.records).entry(thread).or_default().push(Record {
            waiter: Arc::clone(waiter),
            limited,
            gives_up: false,
        });
        Recorded {
            waits: self,
            thread,
        }
    }

    /// The circle of waits that `thread`, the calling one, is part of. It gives up then: no other thread of the circle is
    /// told.
    pub fn circle(&self, thread: ThreadId) -> Option<Vec<Link>> {
        let mut records = lock(&self.records);
        let mut steps: Vec<(ThreadId, Key)> = Vec::new();
        let mut current = thread;
        loop {
            let (key, owner) = records.get(&current)?.last()?.edge()?;
            steps.push((current, key));
            if owner == thread {
                break;
            }
            // A circle that the asking thread only leads to is told to those in it.
            if steps.iter().any(|(passed, _)| *passed == owner) {
                return None;
            }
            current = owner;
        }
        records.get_mut(&thread)?.last_mut()?.gives_up = true;
        let held = steps.last()?.1;
        let links = steps.iter().scan(held, |holds, &(thread, waits_for)| {
            let link = Link {
                thread,
                holds: *holds,
                waits_for,
            };
            *holds = waits_for;
            Some(link)
        });
        Some(links.collect())
    }

    /// Whether a wait of this thread lasts.
    pub fn lasts(&self, thread: ThreadId) -> bool {
        lock(&self.records).contains_key(&thread)
    }

    /// Every wait that lasts, the innermost of a thread last.
    pub fn all(&self) -> Vec<LastingWait> {
        let records = lock(&self.records);
        let mut waits: Vec<_> = records
            .values()
            .flatten()
            .map(|Record { waiter, .. }| LastingWait {
                thread: waiter.thread(),
                key: waiter.key(),
                owner: waiter.owner(),
                since: waiter.since(),
            })
            .collect();
        waits.sort_by_key(|wait| (wait.thread, wait.since));
        waits
    }
}

impl Record {
    /// What the thread waits for without limit, and who owns it.
    fn edge(&self) -> Option<(Key, ThreadId)> {
        let limited = self.limited && !self.waiter.was_notified();
        if limited || self.gives_up {
            return None;
        }
        // In this order: a Condition's waiter that is notified in between has no owner to wait for yet.
        let owner = self.waiter.owner()?;
        Some((self.waiter.key(), owner))
    }
}
