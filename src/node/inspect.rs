//! `native.inspect`: a supervisor's view of the waits that last, and of the pending promises.

use super::QUEUES;
use super::listing::{Granted, PendingPromise, all_pending};
use super::names::{class_of, label};
use crate::futex::Deadline;
use crate::queue::{CurrentWait, Key, Kind};
use napi_derive::napi;

/// The most threads that the row of a Barrier names.
const ARRIVED: usize = 1_000;

/// One wait of a blocked thread or of a promise.
#[napi(object)]
pub struct BlockedThread {
    /// The worker, 0 for the main thread.
    pub thread_id: u32,
    /// The class of what it waits for.
    pub kind: String,
    /// The name of what it waits for.
    pub name: Option<String>,
    /// What the wait is for, as the messages of errors call it.
    pub waits_for: String,
    /// How long it has lasted, in milliseconds.
    pub waited_ms: f64,
    /// Whether a promise waits, and its thread is not blocked.
    pub r#async: bool,
    /// How long ago a promise was granted what it waits for while its thread has not run since, in milliseconds.
    pub granted_ms: Option<f64>,
    /// The thread that owns what it waits for.
    pub owner_thread_id: Option<u32>,
    /// What keeps the owner busy, in words.
    pub owner_state: Option<String>,
    /// At a Barrier: the threads that have arrived.
    pub arrived_thread_ids: Option<Vec<u32>>,
}

/// The waits of the process.
#[napi(object)]
pub struct Inspection {
    /// The waits of blocked threads that have lasted some milliseconds, an inner wait of a thread behind the outer
    /// one. Then those of promises.
    pub waits: Vec<BlockedThread>,
    /// The number of promises that were left out.
    pub omitted: u32,
}

/// The waits of the process, with at most `promises` promises.
#[napi]
pub fn inspect(promises: u32) -> Inspection {
    let now = Deadline::now().as_nanoseconds();
    let granted = Granted::all(|_| true);
    let row = |wait| row(now, &granted, wait);
    let mut waits: Vec<_> = QUEUES.waits().all().into_iter().map(row).collect();
    let (pending, omitted) = all_pending(promises as usize);
    waits.extend(
        pending
            .into_iter()
            .map(|PendingPromise { wait, granted_at }| {
                let pending = BlockedThread {
                    r#async: true,
                    granted_ms: granted_at.map(|since| milliseconds(now, since)),
                    ..row(wait)
                };
                match granted_at {
                    None => pending,
                    // The promise waits only for its own thread.
                    Some(_) => BlockedThread {
                        owner_thread_id: None,
                        owner_state: None,
                        ..pending
                    },
                }
            }),
    );
    Inspection {
        waits,
        omitted: u32::try_from(omitted).unwrap_or(u32::MAX),
    }
}

fn row(now: u64, granted: &[Granted], wait: CurrentWait) -> BlockedThread {
    let key = wait.named.key;
    let to_owner = |granted: &&Granted| granted.key == key && Some(granted.owner) == wait.owner;
    BlockedThread {
        thread_id: wait.thread.worker(),
        kind: class_of(key.kind()).to_owned(),
        name: wait.named.label.name.as_deref().map(str::to_owned),
        waits_for: label(&wait.named),
        waited_ms: milliseconds(now, wait.since),
        r#async: false,
        granted_ms: None,
        owner_thread_id: wait.owner.map(|owner| owner.worker()),
        owner_state: granted.iter().find(to_owner).map(Granted::describe),
        arrived_thread_ids: (key.kind() == Kind::Barrier).then(|| arrived(key)),
    }
}

fn milliseconds(now: u64, since: Deadline) -> f64 {
    now.saturating_sub(since.as_nanoseconds()) as f64 / 1e6
}

fn arrived(key: Key) -> Vec<u32> {
    QUEUES
        .lock(key)
        .waiters(key)
        .take(ARRIVED)
        .map(|waiter| waiter.thread().worker())
        .collect()
}
