//! The native side of `Condition`.

use super::call::{Call, Name};
use super::numbers::{Count, Milliseconds, Serial};
use super::promises::Terms;
use super::realm::Realmed;
use super::view::CellView;
use super::{grants, mutex};
use crate::primitives::{Condition, Fault, Mutex, Waiting, in_time};
use crate::queue::{Kind, Owner};
use napi::bindgen_prelude::*;
use napi_derive::napi;

/// The word of a Condition without waiters.
#[napi]
pub const CONDITION_EMPTY: u32 = Condition::EMPTY;

fn of(cell: CellView) -> Condition {
    Condition::new(cell.cell())
}

/// Unlocks the mutex, waits for one notification for at most `milliseconds` (Infinity: without limit), and locks the
/// mutex again. Returns true if it was notified.
#[napi]
pub fn condition_wait(
    env: Env,
    realm: Realmed,
    cell: CellView,
    name: Name,
    mutex_cell: CellView,
    mutex_name: Name,
    milliseconds: Milliseconds,
) -> Result<bool> {
    let deadline = milliseconds.deadline();
    let call =
        Call::new(&env, &realm, Kind::Condition, cell, name).with_mutex(mutex_cell, mutex_name);
    let mutex = Mutex::new(mutex_cell.cell());
    let notified = call.run(|context| in_time(of(cell).wait(mutex, context, deadline)))?;
    Ok(notified.is_some())
}

/// Notifies up to `count` waiters and returns how many. A fraction is cut off, Infinity means all.
#[napi]
pub fn condition_notify(
    env: Env,
    realm: Realmed,
    cell: CellView,
    name: Name,
    count: Count,
) -> Result<u32> {
    let notified = Call::new(&env, &realm, Kind::Condition, cell, name)
        .run(|context| of(cell).notify(context, count.0 as usize))?;
    Ok(u32::try_from(notified).unwrap_or(u32::MAX))
}

/// Begins to wait with a mutex that the guard of the promise `guard` owns. The result is 2 if it was notified, 1 if
/// the time limit passed first. The guard owns the mutex again then, but not meanwhile. The caller has checked that
/// it owns it now.
#[napi]
pub fn condition_wait_async(
    env: Env,
    realm: Realmed,
    cell: CellView,
    name: Name,
    mutex_cell: CellView,
    mutex_name: Name,
    guard: Serial,
    number: Serial,
    timeout: Milliseconds,
    keeps_alive: bool,
) -> Result<f64> {
    let call =
        Call::new(&env, &realm, Kind::Condition, cell, name).with_mutex(mutex_cell, mutex_name);
    let (mutex, key, guard) = (
        Mutex::new(mutex_cell.cell()),
        mutex::key(mutex_cell),
        guard.0,
    );
    if !grants::revoke(key, guard) {
        return call.run(|_| Err(Fault::NotOwner(None)));
    }
    let owner = Owner::Guard(realm.thread().id());
    let began = call.promise(
        Terms::new(number, timeout, keeps_alive),
        |requester| Waiting::new(of(cell), mutex, requester),
        move |result| {
            // The mutex is locked again, too, if the cell of the condition was written over. If the cell of the mutex
            // was written over, another promise may have been granted it.
            let is_owned = match result {
                Ok(()) | Err(Fault::TimedOut) => true,
                Err(Fault::Corrupt(_)) => {
                    mutex.is_owned_as(owner) && !grants::is_granted_to_any(key)
                }
                Err(_) => false,
            };
            if is_owned {
                grants::grant(key, guard);
            }
            Ok(in_time(result)?.map_or(1.0, |()| 2.0))
        },
    );
    // A wait that fails at once has not unlocked the mutex.
    if began.is_err() && mutex.is_owned_as(owner) && !grants::is_granted_to_any(key) {
        grants::grant(key, guard);
    }
    began
}
