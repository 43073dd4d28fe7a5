//! The native side of `Mutex`.

use super::QUEUES;
use super::call::{Call, Name};
use super::grants;
use super::numbers::{Milliseconds, Serial};
use super::promises::Terms;
use super::realm::Realmed;
use super::view::CellView;
use crate::primitives::{Locking, Mutex, Recovered, in_time};
use crate::queue::{Cooldown, Key, Kind, Owner};
use napi::bindgen_prelude::*;
use napi_derive::napi;
use std::cell::Cell;

/// The word of an unlocked Mutex.
#[napi]
pub const MUTEX_FREE: u32 = Mutex::FREE;

/// The waiters bit of the word of a Mutex.
#[napi]
pub const MUTEX_WAITERS: u32 = Mutex::WAITERS;

/// The number of locks for which samples are kept.
const HINTS: usize = 256;

thread_local! {
    /// For each lock the cooldown of its back-off samples, in a table hashed by address. Two locks with the same hash
    /// share a cooldown, which is harmless.
    static HINTS_OF_THREAD: [Cell<Option<Cooldown>>; HINTS] = const { [const { Cell::new(None) }; HINTS] };
}

fn of(cell: CellView) -> Mutex {
    Mutex::new(cell.cell())
}

/// The queue of the mutex in `cell`.
pub(super) fn key(cell: CellView) -> Key {
    Key::new(cell.cell(), Kind::Mutex)
}

/// Backs off if the last sample found the lock hot, then samples again. Returns how many contended calls to skip
/// before the next sample; 0 while the lock is hot.
#[napi]
pub fn mutex_back_off(cell: CellView) -> u32 {
    HINTS_OF_THREAD.with(|hints| {
        // The upper bits of the product are well mixed (Knuth, TAOCP 6.4).
        let hash = (cell.cell().address() as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let hint = &hints[(hash >> 32) as usize % HINTS];
        let cooldown = of(cell).back_off(hint.get());
        hint.set(Some(cooldown));
        cooldown.skip().into()
    })
}

/// Locks within `milliseconds` (Infinity: without limit). Returns true, or false if the time limit passed first. Like
/// all of these functions, it also acquires a lock that is free. A call that the end of the thread interrupts returns
/// undefined.
#[napi]
pub fn mutex_lock(
    env: Env,
    realm: Realmed,
    cell: CellView,
    name: Name,
    milliseconds: Milliseconds,
) -> Result<bool> {
    Call::new(&env, &realm, Kind::Mutex, cell, name).within(
        milliseconds,
        |context, deadline| of(cell).lock(context, deadline),
        |context| of(cell).try_lock(context),
    )
}

/// Unlocks.
#[napi]
pub fn mutex_unlock(env: Env, realm: Realmed, cell: CellView, name: Name) -> Result<()> {
    Call::new(&env, &realm, Kind::Mutex, cell, name).run(|context| of(cell).unlock(context))
}

/// Locks within `milliseconds` (Infinity: without limit), even if the owner died. Returns 2 if this call took the
/// lock over, 1 if it was not abandoned, 0 if the time limit passed first.
#[napi]
pub fn mutex_recover(
    env: Env,
    realm: Realmed,
    cell: CellView,
    name: Name,
    milliseconds: Milliseconds,
) -> Result<f64> {
    let deadline = milliseconds.deadline();
    let recovered = Call::new(&env, &realm, Kind::Mutex, cell, name)
        .run(|context| in_time(of(cell).recover(context, deadline)))?;
    Ok(recovered.map_or(0.0, recovered_code))
}

/// How a lock came to be owned, as JavaScript receives it: 2 if it was taken over from an owner that died, else 1.
pub(super) fn recovered_code(recovered: Recovered) -> f64 {
    match recovered {
        Recovered::Cleared => 2.0,
        Recovered::Acquired => 1.0,
    }
}

/// Locks for the guard of the promise `number`, if that does not need to wait.
#[napi]
pub fn mutex_try_lock_guard(
    env: Env,
    realm: Realmed,
    cell: CellView,
    name: Name,
    number: Serial,
) -> Result<bool> {
    let call = Call::new(&env, &realm, Kind::Mutex, cell, name);
    let locked = call
        .run(|context| in_time(of(cell).try_lock_as(context, context.guard())))?
        .is_some();
    if locked {
        grants::grant(call.key(), number.0);
    }
    Ok(locked)
}

/// Begins to lock for the guard of the promise `number`. If it `recovers`, it locks even if the owner died. The
/// result is 2 if this call took the lock over, else 1.
#[napi]
pub fn mutex_lock_async(
    env: Env,
    realm: Realmed,
    cell: CellView,
    name: Name,
    number: Serial,
    timeout: Milliseconds,
    keeps_alive: bool,
    recovers: bool,
) -> Result<f64> {
    let call = Call::new(&env, &realm, Kind::Mutex, cell, name);
    let terms = Terms::new(number, timeout, keeps_alive);
    let (key, number) = (call.key(), terms.number);
    let grant = move || grants::grant(key, number);
    let wait = if recovers {
        Locking::recovering
    } else {
        Locking::new
    };
    call.promise(
        terms,
        |requester| wait(of(cell), requester),
        move |locked| {
            let locked = locked?;
            grant();
            Ok(recovered_code(locked))
        },
    )
}

/// Unlocks what the guard of the promise `number` owns. Returns true, or false if the guard owns nothing.
#[napi]
pub fn mutex_release_guard(
    env: Env,
    realm: Realmed,
    cell: CellView,
    name: Name,
    number: Serial,
) -> Result<bool> {
    let call = Call::new(&env, &realm, Kind::Mutex, cell, name);
    if !grants::revoke(call.key(), number.0) {
        return Ok(false);
    }
    call.run(|context| of(cell).unlock_as(context, context.guard()))?;
    Ok(true)
}

/// Whether the guard of the promise `number` owns the lock.
#[napi]
pub fn mutex_is_guarded(realm: Realmed, cell: CellView, number: Serial) -> bool {
    grants::is_granted(key(cell), number.0)
        && of(cell).is_owned_as(Owner::Guard(realm.thread().id()))
}

/// Throws unless this thread owns the lock.
#[napi]
pub fn mutex_assert_owned(env: Env, realm: Realmed, cell: CellView, name: Name) -> Result<()> {
    Call::new(&env, &realm, Kind::Mutex, cell, name)
        .run(|context| of(cell).assert_owned_as(context.queues.threads(), context.owner()))
}

/// The thread id of the owner (its `threadId + 1`), or 0.
#[napi]
pub fn mutex_owner(env: Env, realm: Realmed, cell: CellView, name: Name) -> Result<u32> {
    let owner = Call::new(&env, &realm, Kind::Mutex, cell, name)
        .run(|_| of(cell).owner(QUEUES.threads()))?;
    Ok(owner.map_or(0, |owner| owner.get()))
}
