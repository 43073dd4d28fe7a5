//! The native side of `Latch`.

use super::arguments::Arguments;
use super::call::Call;
use super::export::{Export, constant, function};
use super::promises::Terms;
use super::status::WaitStatus;
use super::value::{Failure, Result, Value};
use crate::cell::SharedWord;
use crate::primitives::{Fault, Latch, Opening};
use crate::queue::Kind;

/// The exports for Latch.
pub static EXPORTS: &[Export] = &[
    constant(c"LATCH_WAITERS", Latch::WAITERS),
    constant(c"LATCH_MAX_COUNT", Latch::MAX_COUNT),
    function(c"latchWait", 5, wait),
    function(c"latchCountDown", 5, count_down),
    function(c"latchWaitAsync", 7, wait_async),
    function(c"latchRemaining", 4, remaining),
];

/// The latch in `cell`, with the count that is the next argument.
pub(super) fn of(cell: SharedWord, arguments: &mut Arguments) -> Result<Latch> {
    let count = arguments.count()?;
    if !(1..=Latch::MAX_COUNT).contains(&count) {
        return Err(Failure::invalid("count is out of range"));
    }
    Ok(Latch::new(cell, count))
}

/// Reads the arguments with which each call on a latch begins.
fn read(arguments: &mut Arguments) -> Result<(Call, Latch)> {
    let call = Call::read(arguments, Kind::Latch)?;
    let latch = of(call.cell(), arguments)?;
    Ok((call, latch))
}

fn wait(arguments: &mut Arguments) -> Result<Value> {
    let (call, latch) = read(arguments)?;
    call.within(
        &arguments.limit()?,
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

fn count_down(arguments: &mut Arguments) -> Result<Value> {
    let (call, latch) = read(arguments)?;
    let by = arguments.count()?;
    call.run(|context| latch.count_down(context, by))
        .map(Value::from)
}

fn wait_async(arguments: &mut Arguments) -> Result<Value> {
    let (call, latch) = read(arguments)?;
    call.promise(
        Terms::read(arguments)?,
        |requester| Opening::new(latch, requester),
        |opened| Ok(WaitStatus::from(opened?).number()),
    )
}

fn remaining(arguments: &mut Arguments) -> Result<Value> {
    let (call, latch) = read(arguments)?;
    call.run(|_| latch.remaining()).map(Value::from)
}
