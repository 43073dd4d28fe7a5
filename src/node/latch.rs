//! The native side of `Latch`.

use super::call::{Call, Name};
use super::numbers::{Count, Milliseconds, Serial};
use super::promises::{FULFILLED, Terms};
use super::realm::Realmed;
use super::view::CellView;
use crate::primitives::{Fault, Latch, Opening};
use crate::queue::Kind;
use napi::bindgen_prelude::*;
use napi_derive::napi;

/// The waiters bit of the word of a Latch.
#[napi]
pub const LATCH_WAITERS: u32 = Latch::WAITERS;

/// The largest count of a Latch.
#[napi]
pub const LATCH_MAX_COUNT: u32 = Latch::MAX_COUNT;

/// The latch in `cell`.
pub(super) fn of(cell: CellView, count: Count) -> Result<Latch> {
    if !(1..=Latch::MAX_COUNT).contains(&count.0) {
        return Err(Error::new(Status::InvalidArg, "count is out of range"));
    }
    Ok(Latch::new(cell.cell(), count.0))
}

/// Waits for at most `milliseconds` (Infinity: without limit) until the latch is open. Returns true, or false if the
/// time limit passed first.
#[napi]
pub fn latch_wait(
    env: Env,
    realm: Realmed,
    cell: CellView,
    name: Name,
    count: Count,
    milliseconds: Milliseconds,
) -> Result<bool> {
    let latch = of(cell, count)?;
    Call::new(&env, &realm, Kind::Latch, cell, name).within(
        milliseconds,
        |context, deadline| latch.wait(context, deadline),
        |_| {
            if latch.is_open()? {
                Ok(())
            } else {
                Err(Fault::TimedOut)
            }
        },
    )
}

/// Counts down by `by`, but not below open.
#[napi]
pub fn latch_count_down(
    env: Env,
    realm: Realmed,
    cell: CellView,
    name: Name,
    count: Count,
    by: Count,
) -> Result<()> {
    let latch = of(cell, count)?;
    Call::new(&env, &realm, Kind::Latch, cell, name).run(|context| latch.count_down(context, by.0))
}

/// Begins to wait until the latch is open.
#[napi]
pub fn latch_wait_async(
    env: Env,
    realm: Realmed,
    cell: CellView,
    name: Name,
    count: Count,
    number: Serial,
    timeout: Milliseconds,
    keeps_alive: bool,
) -> Result<f64> {
    let latch = of(cell, count)?;
    Call::new(&env, &realm, Kind::Latch, cell, name).promise(
        Terms::new(number, timeout, keeps_alive),
        |requester| Opening::new(latch, requester),
        |opened| opened.map(|()| FULFILLED),
    )
}

/// The number of countdowns that are left until the latch is open.
#[napi]
pub fn latch_remaining(
    env: Env,
    realm: Realmed,
    cell: CellView,
    name: Name,
    count: Count,
) -> Result<u32> {
    let latch = of(cell, count)?;
    Call::new(&env, &realm, Kind::Latch, cell, name).run(|_| latch.remaining())
}
