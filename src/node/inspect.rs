//! `native.inspect`: a supervisor's view of the waits that last, and of the pending promises.

use super::QUEUES;
use super::arguments::Arguments;
use super::export::{Export, function};
use super::listing::{Granted, PendingPromise, all_pending};
use super::names::{class_of, label};
use super::value::{Result, Value};
use crate::futex::Deadline;
use crate::queue::{CurrentWait, Key, Kind};

/// The export of this file.
pub static EXPORTS: &[Export] = &[function(c"inspect", 1, inspect)];

/// The most threads that the row of a Barrier names.
const ARRIVED: usize = 1_000;

fn inspect(arguments: &mut Arguments) -> Result<Value> {
    let most = arguments.index()? as usize;
    let now = Deadline::now().as_nanoseconds();
    let granted = Granted::all(|_| true);
    let blocked = QUEUES.waits().all().into_iter();
    let mut waits: Vec<_> = blocked
        .map(|wait| row(now, &granted, wait, false, None))
        .collect();
    let (pending, omitted) = all_pending(most);
    waits.extend(
        pending
            .into_iter()
            .map(|PendingPromise { wait, granted_at }| row(now, &granted, wait, true, granted_at)),
    );
    Ok(Value::Object(vec![
        (c"waits", Value::Array(waits)),
        (c"omitted", (omitted as f64).into()),
    ]))
}

/// One wait of a blocked thread or of a promise, as `BlockedThread` of binding.d.ts describes it.
fn row(
    now: u64,
    granted: &[Granted],
    wait: CurrentWait,
    is_promise: bool,
    granted_at: Option<Deadline>,
) -> Value {
    let key = wait.named.key;
    // A promise that was granted what it waits for waits only for its own thread.
    let owner = wait.owner.filter(|_| granted_at.is_none());
    let to_owner = |granted: &&Granted| granted.key == key && Some(granted.owner) == owner;
    let owner_state = granted.iter().find(to_owner).map(Granted::describe);
    let granted_ms = granted_at.map(|since| milliseconds(now, since));
    let arrived = match key.kind() {
        Kind::Barrier => arrived(key),
        _ => Value::Undefined,
    };
    // What a select has instead of a name is its cases.
    let name = wait.named.label.name.as_deref();
    let name = name.filter(|_| key.kind() != Kind::Select);
    Value::Object(vec![
        (c"threadId", wait.thread.worker().into()),
        (c"kind", class_of(key.kind()).to_owned().into()),
        (c"name", name.map(str::to_owned).into()),
        (c"waitsFor", label(&wait.named).to_string().into()),
        (c"waitedMs", milliseconds(now, wait.since).into()),
        (c"async", is_promise.into()),
        (c"grantedMs", granted_ms.into()),
        (c"ownerThreadId", owner.map(|owner| owner.worker()).into()),
        (c"ownerState", owner_state.into()),
        (c"arrivedThreadIds", arrived),
    ])
}

fn milliseconds(now: u64, since: Deadline) -> f64 {
    now.saturating_sub(since.as_nanoseconds()) as f64 / 1e6
}

/// The threads that wait at a Barrier.
fn arrived(key: Key) -> Value {
    QUEUES
        .lock(key)
        .waiters(key)
        .take(ARRIVED)
        .map(|waiter| waiter.thread().worker())
        .collect()
}
