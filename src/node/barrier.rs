//! The native side of `Barrier`.

use super::arguments::{Arguments, Serial};
use super::call::Call;
use super::export::{Export, constant, function};
use super::grants;
use super::promises::Terms;
use super::value::{Failure, Result, Value};
use crate::cell::SharedWord;
use crate::primitives::{Arriving, Barrier, Fault, LastArrival};
use crate::queue::{Key, Kind};

/// The exports for Barrier.
pub static EXPORTS: &[Export] = &[
    constant(c"BARRIER_MAX_TOTAL", Barrier::MAX_TOTAL),
    function(c"barrierWait", 6, wait),
    function(c"barrierWaitAsync", 8, wait_async),
    function(c"barrierEndAction", 6, end_action),
    function(c"barrierBreak", 5, break_or_reset),
    function(c"barrierBroken", 2, broken),
    function(c"barrierWaiting", 4, waiting),
];

/// The barrier in `cell`, for the number of parties that is the next argument. Returns that number, too.
pub(super) fn of(cell: SharedWord, arguments: &mut Arguments) -> Result<(Barrier, u32)> {
    let total = arguments.count()?;
    if !(1..=Barrier::MAX_TOTAL).contains(&total) {
        return Err(Failure::invalid("total is out of range"));
    }
    Ok((Barrier::new(cell, total), total))
}

/// Reads the arguments with which each call on a barrier begins.
fn read(arguments: &mut Arguments) -> Result<(Call, Barrier)> {
    let call = Call::read(arguments, Kind::Barrier)?;
    let (barrier, _) = of(call.cell(), arguments)?;
    Ok((call, barrier))
}

/// What the last party to arrive does. `action` is the id of the promise or call that runs the action, or 0.
fn last(action: Serial) -> LastArrival {
    if action > 0 {
        LastArrival::RunsAction
    } else {
        LastArrival::Opens
    }
}

/// The result of an arrival: the number of parties that were missing then. The last party to arrive is granted the
/// action.
fn arrived(missing: u32, key: Key, action: Serial) -> f64 {
    if missing == 0 && action > 0 {
        grants::grant(key, action);
    }
    f64::from(missing)
}

fn wait(arguments: &mut Arguments) -> Result<Value> {
    let (call, barrier) = read(arguments)?;
    let action = arguments.serial()?;
    let limit = arguments.limit()?;
    let missing = call.run_with(&limit.cancels, |context| {
        barrier.wait(context, last(action), limit.deadline())
    })?;
    Ok(arrived(missing, call.key(), action).into())
}

fn wait_async(arguments: &mut Arguments) -> Result<Value> {
    let (call, barrier) = read(arguments)?;
    let action = arguments.serial()?;
    let terms = Terms::read(arguments)?;
    let key = call.key();
    call.promise(
        terms,
        |requester| Arriving::new(barrier, requester, last(action)),
        move |missing| Ok(arrived(missing?, key, action) + 1.0),
    )
}

fn end_action(arguments: &mut Arguments) -> Result<Value> {
    let (call, barrier) = read(arguments)?;
    let action = arguments.serial()?;
    let failed = arguments.boolean()?;
    let granted = grants::revoke(call.key(), action);
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
    .map(Value::from)
}

fn break_or_reset(arguments: &mut Arguments) -> Result<Value> {
    let (call, barrier) = read(arguments)?;
    let fresh = arguments.boolean()?;
    call.run(|context| {
        if fresh {
            barrier.reset(context);
        } else {
            barrier.abort(context);
        }
        Ok(Value::Undefined)
    })
}

fn broken(arguments: &mut Arguments) -> Result<Value> {
    let cell = arguments.cell()?.cell();
    Ok(of(cell, arguments)?.0.is_broken().into())
}

fn waiting(arguments: &mut Arguments) -> Result<Value> {
    let (call, barrier) = read(arguments)?;
    let waiting = call.run(|context| Ok(barrier.waiting(context)))?;
    Ok((waiting as f64).into())
}
