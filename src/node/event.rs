//! The native side of `Event`.

use super::arguments::Arguments;
use super::call::Call;
use super::export::{Export, constant, function};
use super::promises::Terms;
use super::status::WaitStatus;
use super::value::{Result, Value};
use crate::cell::SharedWord;
use crate::primitives::{Awaiting, Event};
use crate::queue::Kind;

/// The exports for Event.
pub static EXPORTS: &[Export] = &[
    constant(c"EVENT_SET", Event::SET),
    constant(c"EVENT_AUTOMATIC", Event::AUTOMATIC),
    function(c"eventWait", 5, wait),
    function(c"eventWaitAsync", 7, wait_async),
    function(c"eventSet", 4, set),
    function(c"eventReset", 4, reset),
    function(c"eventIsSet", 4, is_set),
];

/// The event in `cell`. The next argument says whether it resets automatically.
pub(super) fn of(cell: SharedWord, arguments: &mut Arguments) -> Result<Event> {
    Ok(Event::new(cell, arguments.boolean()?))
}

/// Reads the arguments with which each call on an event begins.
fn read(arguments: &mut Arguments) -> Result<(Call, Event)> {
    let call = Call::read(arguments, Kind::Event)?;
    let event = of(call.cell(), arguments)?;
    Ok((call, event))
}

fn wait(arguments: &mut Arguments) -> Result<Value> {
    let (call, event) = read(arguments)?;
    call.within(
        &arguments.limit()?,
        |context, deadline| event.wait(context, deadline),
        |_| event.try_wait(),
    )
}

fn wait_async(arguments: &mut Arguments) -> Result<Value> {
    let (call, event) = read(arguments)?;
    call.promise(
        Terms::read(arguments)?,
        |requester| Awaiting::new(event, requester),
        |passed| Ok(WaitStatus::from(passed?).number()),
    )
}

fn set(arguments: &mut Arguments) -> Result<Value> {
    let (call, event) = read(arguments)?;
    call.run(|context| event.set(context)).map(Value::from)
}

fn reset(arguments: &mut Arguments) -> Result<Value> {
    let (call, event) = read(arguments)?;
    call.run(|_| event.reset()).map(Value::from)
}

fn is_set(arguments: &mut Arguments) -> Result<Value> {
    let (call, event) = read(arguments)?;
    call.run(|_| event.is_set()).map(Value::from)
}
