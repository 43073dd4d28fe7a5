//! The native side of `Cancel`.

use super::arguments::Arguments;
use super::call::Call;
use super::export::{Export, constant, function};
use super::promises::Terms;
use super::status::WaitStatus;
use super::value::{Failure, Result, Value};
use crate::primitives::{Aborting, Cancel, assert_not_cancelled};
use crate::queue::Kind;
use crate::threads;

/// The exports for Cancel.
pub static EXPORTS: &[Export] = &[
    constant(c"CANCEL_ABORTED", Cancel::ABORTED),
    constant(c"CANCEL_MAX_AFTER", Cancel::MAX_AFTER),
    function(c"cancelAbort", 3, abort),
    function(c"cancelAbortAfter", 4, abort_after),
    function(c"cancelIsAborted", 1, is_aborted),
    function(c"cancelAssertNotAborted", 3, assert_not_aborted),
    function(c"cancelAborted", 6, aborted),
];

fn abort(arguments: &mut Arguments) -> Result<Value> {
    let call = Call::read(arguments, Kind::Cancel)?;
    call.run(|context| {
        Cancel::new(call.cell()).abort(context.queues);
        Ok(Value::Undefined)
    })
}

fn abort_after(arguments: &mut Arguments) -> Result<Value> {
    let call = Call::read(arguments, Kind::Cancel)?;
    let milliseconds = arguments.number()?;
    if !(0.0..=f64::from(Cancel::MAX_AFTER)).contains(&milliseconds) {
        return Err(Failure::invalid("milliseconds are out of range"));
    }
    call.run(|context| {
        if let Some(deadline) = threads::now().plus_milliseconds(milliseconds) {
            Cancel::new(call.cell()).abort_at(context.queues, deadline);
        }
        Ok(Value::Undefined)
    })
}

fn is_aborted(arguments: &mut Arguments) -> Result<Value> {
    Ok(Cancel::new(arguments.cell()?.cell()).is_aborted().into())
}

fn assert_not_aborted(arguments: &mut Arguments) -> Result<Value> {
    let call = Call::read(arguments, Kind::Cancel)?;
    call.run(|_| assert_not_cancelled(&[call.cell()]))
        .map(Value::from)
}

fn aborted(arguments: &mut Arguments) -> Result<Value> {
    let call = Call::read(arguments, Kind::Cancel)?;
    let cancel = Cancel::new(call.cell());
    call.promise(
        Terms::read(arguments)?,
        |requester| Aborting::new(cancel, requester),
        |aborted| Ok(WaitStatus::from(aborted?).number()),
    )
}
