//! The native side of `Barrier`.

use super::call::{Call, Name};
use super::grants;
use super::numbers::{Count, Milliseconds, Serial};
use super::promises::Terms;
use super::realm::Realmed;
use super::view::CellView;
use crate::primitives::{Arriving, Barrier, Fault, LastArrival};
use crate::queue::{Key, Kind};
use napi::bindgen_prelude::*;
use napi_derive::napi;

/// The largest number of parties of a Barrier.
#[napi]
pub const BARRIER_MAX_TOTAL: u32 = Barrier::MAX_TOTAL;

/// The barrier in `cell`.
pub(super) fn of(cell: CellView, total: Count) -> Result<Barrier> {
    if !(1..=Barrier::MAX_TOTAL).contains(&total.0) {
        return Err(Error::new(Status::InvalidArg, "total is out of range"));
    }
    Ok(Barrier::new(cell.cell(), total.0))
}

/// What the last party to arrive does. `action` is the id of the promise or call that runs the action, or 0.
fn last(action: Serial) -> LastArrival {
    if action.0 > 0 {
        LastArrival::RunsAction
    } else {
        LastArrival::Opens
    }
}

/// The result of an arrival: the number of parties that were missing then. The last party to arrive is granted the
/// action.
fn arrived(missing: u32, key: Key, action: Serial) -> f64 {
    if missing == 0 && action.0 > 0 {
        grants::grant(key, action.0);
    }
    f64::from(missing)
}

/// Arrives, and waits for the other parties for at most `milliseconds` (Infinity: without limit). Returns how many
/// were missing then. If `action` is above 0, the last party to arrive, which gets 0, has to run its action and then
/// call `barrierEndAction` with that id.
#[napi]
pub fn barrier_wait(
    env: Env,
    realm: Realmed,
    cell: CellView,
    name: Name,
    total: Count,
    action: Serial,
    milliseconds: Milliseconds,
) -> Result<f64> {
    let barrier = of(cell, total)?;
    let deadline = milliseconds.deadline();
    let call = Call::new(&env, &realm, Kind::Barrier, cell, name);
    let missing = call.run(|context| barrier.wait(context, last(action), deadline))?;
    Ok(arrived(missing, call.key(), action))
}

/// Begins to wait as a promise, which is fulfilled with one more than `barrierWait` returns.
#[napi]
pub fn barrier_wait_async(
    env: Env,
    realm: Realmed,
    cell: CellView,
    name: Name,
    total: Count,
    action: Serial,
    number: Serial,
    timeout: Milliseconds,
    keeps_alive: bool,
) -> Result<f64> {
    let barrier = of(cell, total)?;
    let call = Call::new(&env, &realm, Kind::Barrier, cell, name);
    let key = call.key();
    call.promise(
        Terms::new(number, timeout, keeps_alive),
        |requester| Arriving::new(barrier, requester, last(action)),
        move |missing| Ok(arrived(missing?, key, action) + 1.0),
    )
}

/// Ends the action with that id: releases the other parties, or breaks the barrier if it `failed`.
#[napi]
pub fn barrier_end_action(
    env: Env,
    realm: Realmed,
    cell: CellView,
    name: Name,
    total: Count,
    action: Serial,
    failed: bool,
) -> Result<()> {
    let barrier = of(cell, total)?;
    let call = Call::new(&env, &realm, Kind::Barrier, cell, name);
    let granted = grants::revoke(call.key(), action.0);
    call.run(|context| match (failed, granted) {
        (false, true) => barrier.open(context),
        // This thread runs a later action or none: the barrier was reset meanwhile.
        (false, false) => Err(Fault::Broken),
        (true, true) => {
            barrier.fail(context);
            Ok(())
        }
        (true, false) => Ok(()),
    })
}

/// Breaks the barrier, or makes it `fresh` again. In both cases the waiting parties fail as broken.
#[napi]
pub fn barrier_break(
    env: Env,
    realm: Realmed,
    cell: CellView,
    name: Name,
    total: Count,
    fresh: bool,
) -> Result<()> {
    let barrier = of(cell, total)?;
    Call::new(&env, &realm, Kind::Barrier, cell, name).run(|context| {
        if fresh {
            barrier.reset(context);
        } else {
            barrier.abort(context);
        }
        Ok(())
    })
}

/// Whether the barrier is broken.
#[napi]
pub fn barrier_broken(cell: CellView, total: Count) -> Result<bool> {
    Ok(of(cell, total)?.is_broken())
}

/// The number of parties that have arrived and wait.
#[napi]
pub fn barrier_waiting(
    env: Env,
    realm: Realmed,
    cell: CellView,
    name: Name,
    total: Count,
) -> Result<u32> {
    let barrier = of(cell, total)?;
    let waiting = Call::new(&env, &realm, Kind::Barrier, cell, name)
        .run(|context| Ok(barrier.waiting(context)))?;
    Ok(u32::try_from(waiting).unwrap_or(u32::MAX))
}
