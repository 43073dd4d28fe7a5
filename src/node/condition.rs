//! The native side of `Condition`.

use super::arguments::Arguments;
use super::call::Call;
use super::export::{Export, constant, function};
use super::promises::Terms;
use super::status::WaitStatus;
use super::value::{Result, Value};
use super::{grants, mutex};
use crate::primitives::{Condition, Fault, Mutex, Waiting};
use crate::queue::{Kind, Owner};

/// The exports for Condition.
pub static EXPORTS: &[Export] = &[
    constant(c"CONDITION_EMPTY", Condition::EMPTY),
    function(c"conditionWait", 6, wait),
    function(c"conditionNotify", 4, notify),
    function(c"conditionWaitAsync", 9, wait_async),
];

fn wait(arguments: &mut Arguments) -> Result<Value> {
    let (call, mutex) = Call::read_with_mutex(arguments)?;
    let (condition, mutex) = (Condition::new(call.cell()), Mutex::new(mutex.cell()));
    let limit = arguments.limit()?;
    call.wait(&limit, |context| {
        condition.wait(mutex, context, limit.deadline())
    })
}

fn notify(arguments: &mut Arguments) -> Result<Value> {
    let call = Call::read(arguments, Kind::Condition)?;
    let (condition, count) = (Condition::new(call.cell()), arguments.count()?);
    let notified = call.run(|context| condition.notify(context, count as usize))?;
    Ok((notified as f64).into())
}

fn wait_async(arguments: &mut Arguments) -> Result<Value> {
    let (call, mutex) = Call::read_with_mutex(arguments)?;
    let guard = arguments.serial()?;
    let terms = Terms::read(arguments)?;
    let key = mutex::key(mutex.cell());
    let (condition, mutex) = (Condition::new(call.cell()), Mutex::new(mutex.cell()));
    if !grants::revoke(key, guard) {
        return call.run(|_| Err(Fault::NotOwner(None)));
    }
    let owner = Owner::Guard(call.realm().thread().id());
    let is_owned = move || mutex.is_owned_as(owner) && !grants::is_granted_to_any(key);
    let began = call.promise(
        terms,
        |requester| Waiting::new(condition, mutex, requester),
        move |result| {
            // The mutex is locked again, too, if the cell of the condition was written over. If the cell of the mutex
            // was written over, another promise may have been granted it.
            let is_owned = match result {
                Ok(_) | Err(Fault::TimedOut | Fault::Cancelled) => true,
                Err(Fault::Corrupt(_)) => is_owned(),
                Err(_) => false,
            };
            if is_owned {
                grants::grant(key, guard);
            }
            Ok(WaitStatus::of(result)?.number())
        },
    );
    // A wait that fails at once has not unlocked the mutex.
    if began.is_err() && is_owned() {
        grants::grant(key, guard);
    }
    began
}
