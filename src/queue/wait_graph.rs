//! The records of the waits that last: what each blocked thread waits for. They tell a supervisor who hangs where, and
//! whether threads wait for each other in a circle.
//!
//! Deadlock: an edge leads from a thread that waits without limit to the owner of what it waits for. The records are
//! made and the edges followed under one lock, and a record goes away, under that lock, before its thread goes on. So
//! no false circle is found: its last edge leads to the thread that asks, which owns that lock for as long as it asks;
//! so the waiter on it cannot go on, and owns what it owns for as long; and so on backwards around the circle. And no
//! true one is missed: the thread that blocks last finds the records of all others.

use super::key::{Key, Kind};
use super::waiter::Waiter;
use crate::futex::Deadline;
use crate::label::Label;
use crate::sync::{Mutex, lock};
use crate::threads::{Runtime, ThreadId};
use std::collections::HashMap;
use std::sync::Arc;

/// What the cells of one wait are called: its own, and for a Condition's wait that of the mutex. A wait carries it, as no
/// table by address could: addresses are used again.
#[derive(Clone, Debug, Default)]
pub struct Labels {
    /// The label of the primitive that the wait began at.
    pub own: Label,
    /// The label of the mutex that a Condition's wait locks again.
    pub mutex: Option<Box<Label>>,
}

impl Labels {
    fn of(waiter: &Waiter, runtime: &dyn Runtime) -> Self {
        Labels {
            own: runtime.label(waiter.own_cell()),
            mutex: waiter.mutex().map(|cell| Box::new(runtime.label(cell))),
        }
    }

    /// The label for the queue `key` of the wait.
    pub fn get(&self, key: Key) -> Named {
        let mutex = self.mutex.as_deref().filter(|_| key.kind() == Kind::Mutex);
        Named {
            key,
            label: mutex.unwrap_or(&self.own).clone(),
        }
    }
}

/// A primitive, and what messages call it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The cell and its kind.
    pub key: Key,
    /// What it is called.
    pub label: Label,
}

/// One thread of a cycle of waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CycleEdge {
    /// The thread.
    pub thread: ThreadId,
    /// What it owns, and the edge before it waits for.
    pub holds: Named,
    /// What it waits for, and the next edge owns.
    pub waits_for: Named,
}

/// A wait, as it was a moment ago.
#[derive(Clone, Debug)]
pub struct CurrentWait {
    /// The thread that waits, or that the waiting promise belongs to.
    pub thread: ThreadId,
    /// What it waits for. Its cell is not to be read: the waiter, which keeps its memory, may be gone.
    pub named: Named,
    /// The thread that owns it.
    pub owner: Option<ThreadId>,
    /// When the wait began.
    pub since: Deadline,
}

impl CurrentWait {
    /// Reads a wait. The waiter's memory has to be kept meanwhile: by the lock under which the wait would be taken off the
    /// list that it was found in.
    pub fn of(waiter: &Waiter, labels: &Labels) -> Self {
        CurrentWait {
            thread: waiter.thread(),
            named: labels.get(waiter.key()),
            owner: waiter.owner(),
            since: waiter.since(),
        }
    }
}

/// The waits that last, a stack a thread: while a blocked thread serves its runtime, code of the user's may block it
/// again.
pub struct WaitGraph {
    records: Mutex<HashMap<ThreadId, Vec<Record>>>,
}

struct Record {
    waiter: Arc<Waiter>,
    labels: Labels,
    /// Whether the wait has a time limit. That of a Condition's waiter ends when it is notified.
    limited: bool,
    /// Whether its thread was told of a circle, and so breaks it.
    gives_up: bool,
}

/// A record, which goes away when this is dropped.
pub struct Registration<'a> {
    waits: &'a WaitGraph,
    thread: ThreadId,
}

impl Drop for Registration<'_> {
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

impl WaitGraph {
    pub(super) fn new() -> Self {
        WaitGraph {
            records: Mutex::new(HashMap::new()),
        }
    }

    /// Makes the record of a wait of the calling thread, whose `runtime` knows what the cells are called.
    pub fn record(
        &self,
        waiter: &Arc<Waiter>,
        limited: bool,
        runtime: &dyn Runtime,
    ) -> Registration<'_> {
        let thread = waiter.thread();
        let labels = Labels::of(waiter, runtime);
        lock(&self.records).entry(thread).or_default().push(Record {
            waiter: Arc::clone(waiter),
            labels,
            limited,
            gives_up: false,
        });
        Registration {
            waits: self,
            thread,
        }
    }

    /// The circle of waits that `thread`, the calling one, is part of. It gives up then: no other thread of the circle is
    /// told.
    pub fn cycle(&self, thread: ThreadId) -> Option<Vec<CycleEdge>> {
        let mut records = lock(&self.records);
        let mut steps: Vec<(ThreadId, Named)> = Vec::new();
        let mut current = thread;
        loop {
            let (waits_for, owner) = records.get(&current)?.last()?.edge()?;
            steps.push((current, waits_for));
            if owner == thread {
                break;
            }
            // A cycle that the asking thread only leads to is told to the threads in it.
            if steps.iter().any(|(passed, _)| *passed == owner) {
                return None;
            }
            current = owner;
        }
        records.get_mut(&thread)?.last_mut()?.gives_up = true;
        let held = steps.last()?.1.clone();
        let edges = steps.into_iter().scan(held, |holds, (thread, waits_for)| {
            let holds = std::mem::replace(holds, waits_for.clone());
            Some(CycleEdge {
                thread,
                holds,
                waits_for,
            })
        });
        Some(edges.collect())
    }

    /// Whether a wait of this thread lasts.
    pub fn is_blocked(&self, thread: ThreadId) -> bool {
        lock(&self.records).contains_key(&thread)
    }

    /// Every wait that lasts, the innermost of a thread last.
    pub fn all(&self) -> Vec<CurrentWait> {
        let records = lock(&self.records);
        let mut waits: Vec<_> = records
            .values()
            .flatten()
            .map(|record| CurrentWait::of(&record.waiter, &record.labels))
            .collect();
        waits.sort_by_key(|wait| (wait.thread, wait.since));
        waits
    }
}

impl Record {
    /// What the thread waits for without limit, and who owns it.
    fn edge(&self) -> Option<(Named, ThreadId)> {
        let limited = self.limited && !self.waiter.was_notified();
        if limited || self.gives_up {
            return None;
        }
        // In this order: a Condition's waiter that is notified in between has no owner to wait for yet.
        let owner = self.waiter.owner()?;
        Some((self.labels.get(self.waiter.key()), owner))
    }
}
