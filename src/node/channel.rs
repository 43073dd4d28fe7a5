//! The native side of `Channel`: how its senders and receivers wait. Its ring is in `lib/channel`.

use super::QUEUES;
use super::arguments::Arguments;
use super::call::Call;
use super::export::{Export, constant, function};
use super::promises::Terms;
use super::status::WaitStatus;
use super::value::{Failure, Result, Value};
use crate::cell::SharedWord;
use crate::futex::Deadline;
use crate::primitives::{Channel, Fault, Look, Looking, Told};
use crate::queue::Kind;
use crate::threads::{Status, ThreadId};

/// The exports for Channel.
pub static EXPORTS: &[Export] = &[
    constant(c"CHANNEL_WAITERS", Channel::WAITERS),
    constant(c"CHANNEL_PATIENCE", Channel::PATIENCE),
    Export::Constant(c"THREAD_DEAD", 0.0),
    Export::Constant(c"THREAD_RUNS", 1.0),
    Export::Constant(c"THREAD_BLOCKED", 2.0),
    function(c"channelWait", 10, wait),
    function(c"channelWaitAsync", 12, wait_async),
    function(c"channelTell", 4, tell),
    function(c"channelTellAll", 3, tell_all),
    function(c"channelTellFront", 3, tell_front),
    function(c"channelWaiting", 1, waiting),
    function(c"cellAddress", 1, address),
    function(c"threadState", 1, thread_state),
];

/// Reads the arguments with which each wait begins.
fn read(arguments: &mut Arguments) -> Result<(Call, Look)> {
    let call = Call::read(arguments, Kind::Channel)?;
    let (lock, word) = lock_and_word(arguments)?;
    let look = Look {
        word,
        request: arguments.count()?,
        // As `now()` returned it.
        since: Deadline::from_nanoseconds((arguments.number()? * 1e6) as u64),
        awaited: [
            ThreadId::new(arguments.index()?),
            ThreadId::new(arguments.index()?),
        ],
        lock,
    };
    Ok((call, look))
}

fn lock_and_word(arguments: &mut Arguments) -> Result<(SharedWord, u32)> {
    let lock = arguments.cell()?.cell();
    let word = arguments.index()?;
    if word & Channel::WAITERS == 0 {
        return Err(Failure::invalid("the word must have the waiters bit"));
    }
    Ok((lock, word))
}

/// Reads what a select found when it looked for a message.
pub(super) fn look(arguments: &mut Arguments) -> Result<Look> {
    let (lock, word) = lock_and_word(arguments)?;
    Ok(Look {
        word,
        request: 0,
        since: Deadline::from_nanoseconds(0),
        awaited: [ThreadId::new(arguments.index()?), None],
        lock,
    })
}

fn wait(arguments: &mut Arguments) -> Result<Value> {
    let (call, look) = read(arguments)?;
    let limit = arguments.limit()?;
    let channel = Channel::new(call.cell());
    call.within(
        &limit,
        |context, deadline| Looking::wait(channel, context, look, deadline),
        // It looked for as long as it may: though it was told to look again, its time is over.
        |_| Err(Fault::TimedOut),
    )
}

fn wait_async(arguments: &mut Arguments) -> Result<Value> {
    let (call, look) = read(arguments)?;
    let channel = Channel::new(call.cell());
    call.promise(
        Terms::read(arguments)?,
        |requester| Looking::new(channel, requester, look),
        |looks| Ok(WaitStatus::from(looks?).number()),
    )
}

fn tell(arguments: &mut Arguments) -> Result<Value> {
    let call = Call::read(arguments, Kind::Channel)?;
    let free = arguments.count()?;
    call.run(|context| {
        Channel::new(call.cell()).tell(context.queues, free);
        Ok(Value::Undefined)
    })
}

fn tell_all(arguments: &mut Arguments) -> Result<Value> {
    let call = Call::read(arguments, Kind::Channel)?;
    call.run(|context| {
        Channel::new(call.cell()).tell_all(context.queues);
        Ok(Value::Undefined)
    })
}

fn tell_front(arguments: &mut Arguments) -> Result<Value> {
    let call = Call::read(arguments, Kind::Channel)?;
    call.run(|context| {
        let told = Channel::new(call.cell()).tell_front(context.queues);
        Ok(told.map(Value::from).into())
    })
}

impl From<Told> for Value {
    /// In the order of `Told` in `binding.d.ts`.
    fn from(told: Told) -> Self {
        Value::Array(vec![
            told.thread.get().into(),
            // As `now()` returns it.
            (told.since.as_nanoseconds() as f64 / 1e6).into(),
            told.is_promise.into(),
        ])
    }
}

fn waiting(arguments: &mut Arguments) -> Result<Value> {
    let key = Channel::new(arguments.cell()?.cell()).key();
    Ok((QUEUES.lock(key).waiting(key) as f64).into())
}

fn address(arguments: &mut Arguments) -> Result<Value> {
    Ok((arguments.cell()?.cell().address() as f64).into())
}

fn thread_state(arguments: &mut Arguments) -> Result<Value> {
    let threads = QUEUES.threads();
    let state = match ThreadId::new(arguments.index()?) {
        Some(id) if threads.is_blocked(id) => 2,
        Some(id) if threads.status(id) == Status::Alive => 1,
        _ => 0,
    };
    Ok(f64::from(state).into())
}
