//! `native.inspect`: the supervisor's view of the waits that last.

use super::QUEUES;
use super::names::{class_of, label, name_of};
use crate::futex::Deadline;
use crate::queue::{Key, Kind, LastingWait};
use napi_derive::napi;

/// One wait of a blocked thread.
#[napi(object)]
pub struct BlockedThread {
    /// The worker, 0 for the main thread.
    pub thread_id: u32,
    /// The class of what it waits for.
    pub kind: String,
    /// The name of what it waits for.
    pub name: Option<String>,
    /// What it waits for, as the messages of errors call it.
    pub waits_for: String,
    /// For how long it has waited, in milliseconds.
    pub waited_ms: f64,
    /// Who owns what it waits for.
    pub owner_thread_id: Option<u32>,
    /// At a Barrier: who has arrived.
    pub arrived_thread_ids: Option<Vec<u32>>,
}

/// Every wait that has lasted some milliseconds: those of blocked threads, an inner one of the same thread last.
#[napi]
pub fn inspect() -> Vec<BlockedThread> {
    let now = Deadline::now().as_nanoseconds();
    let blocked = |wait: LastingWait| BlockedThread {
        thread_id: wait.thread.worker(),
        kind: class_of(wait.key.kind()).to_owned(),
        name: name_of(wait.key),
        waits_for: label(wait.key),
        waited_ms: now.saturating_sub(wait.since.as_nanoseconds()) as f64 / 1e6,
        owner_thread_id: wait.owner.map(|owner| owner.worker()),
        arrived_thread_ids: (wait.key.kind() == Kind::Barrier).then(|| arrived(wait.key)),
    };
    QUEUES.waits().all().into_iter().map(blocked).collect()
}

fn arrived(key: Key) -> Vec<u32> {
    QUEUES
        .enter(key)
        .waiters(key)
        .map(|waiter| waiter.thread().worker())
        .collect()
}
