//! The native side of `Mutex`.

use super::QUEUES;
use super::arguments::Arguments;
use super::call::Call;
use super::export::{Export, constant, function};
use super::grants;
use super::promises::Terms;
use super::status::WaitStatus;
use super::value::{Result, Value};
use crate::cell::SharedWord;
use crate::primitives::{Hint, Locking, Mutex, in_time};
use crate::queue::{Key, Kind, Owner};
use std::sync::atomic::{AtomicU32, Ordering};

/// The exports for Mutex.
pub static EXPORTS: &[Export] = &[
    constant(c"MUTEX_FREE", Mutex::FREE),
    constant(c"MUTEX_WAITERS", Mutex::WAITERS),
    function(c"mutexBackOff", 1, back_off),
    function(c"mutexLock", 4, lock),
    function(c"mutexTakeTurn", 4, take_turn),
    function(c"mutexUnlock", 3, unlock),
    function(c"mutexRecover", 4, recover),
    function(c"mutexTryLockGuard", 4, try_lock_guard),
    function(c"mutexLockAsync", 7, lock_async),
    function(c"mutexReleaseGuard", 4, release_guard),
    function(c"mutexIsGuarded", 3, is_guarded),
    function(c"mutexAssertOwned", 3, assert_owned),
    function(c"mutexOwner", 3, owner),
];

/// The number of locks for which samples are kept.
const HINTS: usize = 256;

/// For each lock what its threads learned from samples, in a table hashed by address. Two locks with the same hash share
/// a hint, which is harmless.
static HINT_OF_LOCK: [AtomicU32; HINTS] = [const { AtomicU32::new(0) }; HINTS];

/// The queue of the mutex in `cell`.
pub(super) fn key(cell: SharedWord) -> Key {
    Key::new(cell, Kind::Mutex)
}

/// Reads the arguments with which each call on a mutex begins.
fn read(arguments: &mut Arguments) -> Result<(Call, Mutex)> {
    let call = Call::read(arguments, Kind::Mutex)?;
    let mutex = Mutex::new(call.cell());
    Ok((call, mutex))
}

fn back_off(arguments: &mut Arguments) -> Result<Value> {
    let cell = arguments.cell()?.cell();
    // The upper bits of the product are well mixed (Knuth, TAOCP 6.4).
    let hash = (cell.address() as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let shared = &HINT_OF_LOCK[(hash >> 32) as usize % HINTS];
    // Another thread may learn something at the same time: one of both hints is kept.
    let hint = Mutex::new(cell).back_off(Hint::new(shared.load(Ordering::Relaxed)));
    shared.store(hint.get(), Ordering::Relaxed);
    Ok(hint.skip().into())
}

fn lock(arguments: &mut Arguments) -> Result<Value> {
    let (call, mutex) = read(arguments)?;
    call.within(
        &arguments.limit()?,
        |context, deadline| mutex.lock(context, deadline),
        |context| mutex.try_lock(context),
    )
}

fn take_turn(arguments: &mut Arguments) -> Result<Value> {
    let (call, mutex) = read(arguments)?;
    let more = arguments.boolean()?;
    call.run(|context| mutex.take_turn(context, more))
        .map(|()| WaitStatus::Acquired.into())
}

fn unlock(arguments: &mut Arguments) -> Result<Value> {
    let (call, mutex) = read(arguments)?;
    call.run(|context| mutex.unlock(context)).map(Value::from)
}

fn recover(arguments: &mut Arguments) -> Result<Value> {
    let (call, mutex) = read(arguments)?;
    let limit = arguments.limit()?;
    call.wait(&limit, |context| mutex.recover(context, limit.deadline()))
}

fn try_lock_guard(arguments: &mut Arguments) -> Result<Value> {
    let (call, mutex) = read(arguments)?;
    let serial = arguments.serial()?;
    let locked = call
        .run(|context| in_time(mutex.try_lock_as(context, context.guard())))?
        .is_some();
    if locked {
        grants::grant(call.key(), serial);
    }
    Ok(locked.into())
}

fn lock_async(arguments: &mut Arguments) -> Result<Value> {
    let (call, mutex) = read(arguments)?;
    let terms = Terms::read(arguments)?;
    let wait = if arguments.boolean()? {
        Locking::recovering
    } else {
        Locking::new
    };
    let (key, serial) = (call.key(), terms.serial);
    call.promise(
        terms,
        |requester| wait(mutex, requester),
        move |locked| {
            let status = WaitStatus::from(locked?);
            grants::grant(key, serial);
            Ok(status.number())
        },
    )
}

fn release_guard(arguments: &mut Arguments) -> Result<Value> {
    let (call, mutex) = read(arguments)?;
    let is_owner = grants::revoke(call.key(), arguments.serial()?);
    if is_owner {
        call.run(|context| mutex.unlock_as(context, context.guard()))?;
    }
    Ok(is_owner.into())
}

fn is_guarded(arguments: &mut Arguments) -> Result<Value> {
    let realm = arguments.realm()?;
    let cell = arguments.cell()?.cell();
    let is_granted = grants::is_granted(key(cell), arguments.serial()?);
    Ok((is_granted && Mutex::new(cell).is_owned_as(Owner::Guard(realm.thread().id()))).into())
}

fn assert_owned(arguments: &mut Arguments) -> Result<Value> {
    let (call, mutex) = read(arguments)?;
    call.run(|context| mutex.assert_owned_as(context.queues.threads(), context.owner()))
        .map(Value::from)
}

fn owner(arguments: &mut Arguments) -> Result<Value> {
    let (call, mutex) = read(arguments)?;
    let owner = call.run(|_| mutex.owner(QUEUES.threads()))?;
    Ok(owner.map_or(0, |owner| owner.get()).into())
}
