//! The native side of `Semaphore`.

use super::call::{Call, Name};
use super::numbers::{Count, Milliseconds, Serial};
use super::promises::{FULFILLED, Terms};
use super::realm::Realmed;
use super::view::CellView;
use crate::primitives::{Acquiring, Released, Semaphore};
use crate::queue::Kind;
use napi::bindgen_prelude::*;
use napi_derive::napi;

/// The largest number of permits of a Semaphore.
#[napi]
pub const SEMAPHORE_MAX_PERMITS: u32 = Semaphore::MAX_PERMITS;

/// The waiters bit of the word of a Semaphore.
#[napi]
pub const SEMAPHORE_WAITERS: u32 = Semaphore::WAITERS;

/// What each taken permit adds to the word of a Semaphore.
#[napi]
pub const SEMAPHORE_PERMIT: u32 = Semaphore::PERMIT;

/// The semaphore in `cell`.
pub(super) fn of(cell: CellView, permits: Count, max: Count) -> Result<Semaphore> {
    if !(permits.0.max(1)..=Semaphore::MAX_PERMITS).contains(&max.0) {
        return Err(Error::new(Status::InvalidArg, "max is out of range"));
    }
    Ok(Semaphore::new(cell.cell(), permits.0, max.0))
}

/// The semaphore in `cell`, for `count` of its permits.
fn for_count(cell: CellView, permits: Count, max: Count, count: Count) -> Result<Semaphore> {
    let semaphore = of(cell, permits, max)?;
    if (1..=max.0).contains(&count.0) {
        Ok(semaphore)
    } else {
        Err(Error::new(Status::InvalidArg, "count is out of range"))
    }
}

/// Takes `count` permits within `milliseconds` (Infinity: without limit). Returns true, or false if the time limit
/// passed first.
#[napi]
pub fn semaphore_acquire(
    env: Env,
    realm: Realmed,
    cell: CellView,
    name: Name,
    permits: Count,
    max: Count,
    count: Count,
    milliseconds: Milliseconds,
) -> Result<bool> {
    let semaphore = for_count(cell, permits, max, count)?;
    Call::new(&env, &realm, Kind::Semaphore, cell, name).within(
        milliseconds,
        |context, deadline| semaphore.acquire(context, count.0, deadline),
        |context| semaphore.try_acquire(context, count.0),
    )
}

/// Gives back `count` permits. Returns true, or false if there would be more than the maximum; then nothing has
/// changed.
#[napi]
pub fn semaphore_release(
    env: Env,
    realm: Realmed,
    cell: CellView,
    name: Name,
    permits: Count,
    max: Count,
    count: Count,
) -> Result<bool> {
    let semaphore = for_count(cell, permits, max, count)?;
    let released = Call::new(&env, &realm, Kind::Semaphore, cell, name)
        .run(|context| semaphore.release(context, count.0))?;
    Ok(released == Released::Done)
}

/// Begins to take `count` permits.
#[napi]
pub fn semaphore_acquire_async(
    env: Env,
    realm: Realmed,
    cell: CellView,
    name: Name,
    permits: Count,
    max: Count,
    count: Count,
    number: Serial,
    timeout: Milliseconds,
    keeps_alive: bool,
) -> Result<f64> {
    let semaphore = for_count(cell, permits, max, count)?;
    Call::new(&env, &realm, Kind::Semaphore, cell, name).promise(
        Terms::new(number, timeout, keeps_alive),
        |requester| Acquiring::new(semaphore, requester, count.0),
        |acquired| acquired.map(|()| FULFILLED),
    )
}

/// The number of free permits.
#[napi]
pub fn semaphore_available(
    env: Env,
    realm: Realmed,
    cell: CellView,
    name: Name,
    permits: Count,
    max: Count,
) -> Result<u32> {
    let semaphore = of(cell, permits, max)?;
    Call::new(&env, &realm, Kind::Semaphore, cell, name).run(|_| semaphore.available())
}
