//! The records of waits that last: what each blocked thread waits for. They show a supervisor which thread hangs
//! where, and whether threads wait for each other in a cycle.
//!
//! Deadlock detection: an edge leads from a thread that waits without limit to the owner of what it waits for. A
//! thread makes its record and follows the edges under one lock, and removes its record under that lock before it
//! continues.
//!
//! No reported cycle is false. Its last edge leads to the thread that asks, which owns that lock for as long as it
//! asks. So the waiter on that lock cannot continue, and keeps what it owns for just as long. The same holds for each
//! thread before it in the cycle.
//!
//! No cycle is missed: the thread that blocks last finds the records of all others.

use super::key::{Key, Kind};
use super::waiter::Waiter;
use crate::futex::Deadline;
use crate::hash::HashMap;
use crate::label::Label;
use crate::sync::{Mutex, lock};
use crate::threads::{Runtime, ThreadId};
use std::sync::Arc;

/// The labels of the cells of one wait: its own, and for the wait of a Condition that of the mutex. The wait carries
/// them. A table keyed by address could not, since addresses are reused.
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

/// A primitive, and how messages refer to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The cell and its kind.
    pub key: Key,
    /// Its label.
    pub label: Label,
}

/// One thread of a cycle of waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CycleEdge {
    /// The thread.
    pub thread: ThreadId,
    /// What the thread owns, and the previous edge waits for.
    pub holds: Named,
    /// What the thread waits for, and the next edge owns.
    pub waits_for: Named,
}

/// A wait, as it was a moment ago.
#[derive(Clone, Debug)]
pub struct CurrentWait {
    /// The thread that waits, or that the waiting promise belongs to.
    pub thread: ThreadId,
    /// What the thread waits for. Its cell must not be read: the waiter, which keeps its memory, may be gone.
    pub named: Named,
    /// The thread that owns it.
    pub owner: Option<ThreadId>,
    /// When the wait began.
    pub since: Deadline,
}

impl CurrentWait {
    /// Reads a wait. The caller holds the lock under which the wait would be removed from the list in which it was
    /// found. So the waiter's memory stays mapped.
    pub fn of(waiter: &Waiter, labels: &Labels) -> Self {
        CurrentWait {
            thread: waiter.thread(),
            named: labels.get(waiter.key()),
            owner: waiter.owner(),
            since: waiter.since(),
        }
    }
}

/// The waits that last, a stack for each thread: while a blocked thread checks for interrupts, user code may block it
/// again.
pub struct WaitGraph {
    records: Mutex<HashMap<ThreadId, Vec<Record>>>,
}

struct Record {
    waiter: Arc<Waiter>,
    labels: Labels,
    /// Whether the wait has a time limit. The limit of a Condition's waiter no longer counts once it is notified.
    limited: bool,
    /// Whether its thread found a cycle, and gives up to break it.
    breaks_cycle: bool,
}

/// A record, which is removed when this is dropped.
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
            records: Mutex::new(HashMap::default()),
        }
    }

    /// Makes the record of a wait of the calling thread, whose `runtime` knows the labels of the cells.
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
            breaks_cycle: false,
        });
        Registration {
            waits: self,
            thread,
        }
    }

    /// The cycle of waits that `thread`, the calling one, is part of. The thread gives up then, so no other thread of
    /// the cycle finds it.
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
            // The calling thread waits for a thread of this cycle, but is not part of it. The threads in the cycle find
            // it themselves.
            if steps.iter().any(|(passed, _)| *passed == owner) {
                return None;
            }
            current = owner;
        }
        records.get_mut(&thread)?.last_mut()?.breaks_cycle = true;
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

    /// Whether this thread has a wait that lasts.
    pub fn is_blocked(&self, thread: ThreadId) -> bool {
        lock(&self.records).contains_key(&thread)
    }

    /// All waits that last. Those of one thread are sorted by their beginning, the innermost last.
    pub fn all(&self) -> Vec<CurrentWait> {
        let records = lock(&self.records);
        let mut waits: Vec<_> = records
            .values()
            .flatten()
            .map(|record| CurrentWait::of(&record.waiter, &record.labels))
            .collect();
        waits.sort_unstable_by_key(|wait| (wait.thread, wait.since));
        waits
    }
}

impl Record {
    /// What the thread waits for without limit, and its owner.
    fn edge(&self) -> Option<(Named, ThreadId)> {
        let limited = self.limited && !self.waiter.was_notified();
        if limited || self.breaks_cycle {
            return None;
        }
        // Read the owner first: a waiter of a Condition that is notified in between has no owner to wait for yet.
        let owner = self.waiter.owner()?;
        Some((self.labels.get(self.waiter.key()), owner))
    }
}
