//! The native side of `Semaphore`.

use super::arguments::Arguments;
use super::call::Call;
use super::export::{Export, constant, function};
use super::promises::Terms;
use super::status::WaitStatus;
use super::value::{Failure, Result, Value};
use crate::cell::SharedWord;
use crate::primitives::{Acquiring, Released, Semaphore};
use crate::queue::Kind;

/// The exports for Semaphore.
pub static EXPORTS: &[Export] = &[
    constant(c"SEMAPHORE_MAX_PERMITS", Semaphore::MAX_PERMITS),
    constant(c"SEMAPHORE_WAITERS", Semaphore::WAITERS),
    constant(c"SEMAPHORE_PERMIT", Semaphore::PERMIT),
    function(c"semaphoreAcquire", 7, acquire),
    function(c"semaphoreRelease", 6, release),
    function(c"semaphoreAcquireAsync", 9, acquire_async),
    function(c"semaphoreAvailable", 5, available),
];

/// The semaphore in `cell`, with the permits that the next two arguments say. Returns the largest number of permits,
/// too.
pub(super) fn of(cell: SharedWord, arguments: &mut Arguments) -> Result<(Semaphore, u32)> {
    let (permits, max) = (arguments.count()?, arguments.count()?);
    if !(permits.max(1)..=Semaphore::MAX_PERMITS).contains(&max) {
        return Err(Failure::invalid("max is out of range"));
    }
    Ok((Semaphore::new(cell, permits, max), max))
}

/// Reads the arguments with which each call for some permits begins. Returns the number of permits, too.
fn read(arguments: &mut Arguments) -> Result<(Call, Semaphore, u32)> {
    let call = Call::read(arguments, Kind::Semaphore)?;
    let (semaphore, max) = of(call.cell(), arguments)?;
    let count = arguments.count()?;
    if !(1..=max).contains(&count) {
        return Err(Failure::invalid("count is out of range"));
    }
    Ok((call, semaphore, count))
}

fn acquire(arguments: &mut Arguments) -> Result<Value> {
    let (call, semaphore, count) = read(arguments)?;
    call.within(
        &arguments.limit()?,
        |context, deadline| semaphore.acquire(context, count, deadline),
        |context| semaphore.try_acquire(context, count),
    )
}

fn release(arguments: &mut Arguments) -> Result<Value> {
    let (call, semaphore, count) = read(arguments)?;
    let released = call.run(|context| semaphore.release(context, count))?;
    Ok((released == Released::Done).into())
}

fn acquire_async(arguments: &mut Arguments) -> Result<Value> {
    let (call, semaphore, count) = read(arguments)?;
    call.promise(
        Terms::read(arguments)?,
        |requester| Acquiring::new(semaphore, requester, count),
        |acquired| Ok(WaitStatus::from(acquired?).number()),
    )
}

fn available(arguments: &mut Arguments) -> Result<Value> {
    let call = Call::read(arguments, Kind::Semaphore)?;
    let (semaphore, _) = of(call.cell(), arguments)?;
    call.run(|_| semaphore.available()).map(Value::from)
}
