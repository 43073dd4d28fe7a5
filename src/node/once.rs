//! The native side of `Once`.

use super::QUEUES;
use super::arguments::Arguments;
use super::call::Call;
use super::export::{Export, constant, function};
use super::promises::Terms;
use super::status::WaitStatus;
use super::value::{Result, Value};
use crate::primitives::{Once, Preparing, Progress};
use crate::queue::{Context, Kind, Owner};

/// The exports for Once.
pub static EXPORTS: &[Export] = &[
    constant(c"ONCE_FRESH", Once::FRESH),
    constant(c"ONCE_DONE", Once::DONE),
    function(c"onceBegin", 4, begin),
    function(c"onceTryBeginGuard", 3, try_begin_guard),
    function(c"onceBeginAsync", 6, begin_async),
    function(c"onceFinish", 4, finish),
    function(c"onceFail", 4, fail),
    function(c"onceWait", 4, wait),
    function(c"onceWaitAsync", 6, wait_async),
    function(c"onceRunner", 3, runner),
];

/// Reads the arguments with which each call on a once begins.
fn read(arguments: &mut Arguments) -> Result<(Call, Once)> {
    let call = Call::read(arguments, Kind::Once)?;
    let once = Once::new(call.cell());
    Ok((call, once))
}

/// Reads who runs the function: a guard of this thread, or the thread itself.
fn read_owner(arguments: &mut Arguments) -> Result<impl Fn(&Context) -> Owner> {
    let is_guard = arguments.boolean()?;
    Ok(move |context: &Context| {
        if is_guard {
            context.guard()
        } else {
            context.owner()
        }
    })
}

fn begin(arguments: &mut Arguments) -> Result<Value> {
    let (call, once) = read(arguments)?;
    let limit = arguments.limit()?;
    call.wait(&limit, |context| once.begin(context, limit.deadline()))
}

fn try_begin_guard(arguments: &mut Arguments) -> Result<Value> {
    let (call, once) = read(arguments)?;
    call.run(|context| WaitStatus::of(once.try_begin(context, context.guard())))
        .map(Value::from)
}

fn begin_async(arguments: &mut Arguments) -> Result<Value> {
    let (call, once) = read(arguments)?;
    call.promise(
        Terms::read(arguments)?,
        |requester| Preparing::run(once, requester),
        |began| Ok(WaitStatus::from(began?).number()),
    )
}

fn finish(arguments: &mut Arguments) -> Result<Value> {
    let (call, once) = read(arguments)?;
    let owner = read_owner(arguments)?;
    call.run(|context| once.finish(context, owner(context)))
        .map(Value::from)
}

fn fail(arguments: &mut Arguments) -> Result<Value> {
    let (call, once) = read(arguments)?;
    let owner = read_owner(arguments)?;
    call.run(|context| once.fail(context, owner(context)))
        .map(Value::from)
}

fn wait(arguments: &mut Arguments) -> Result<Value> {
    let (call, once) = read(arguments)?;
    call.within(
        &arguments.limit()?,
        |context, deadline| once.wait(context, deadline),
        |_| once.try_wait(),
    )
}

fn wait_async(arguments: &mut Arguments) -> Result<Value> {
    let (call, once) = read(arguments)?;
    call.promise(
        Terms::read(arguments)?,
        |requester| Preparing::watch(once, requester),
        |ended| Ok(WaitStatus::from(ended?).number()),
    )
}

fn runner(arguments: &mut Arguments) -> Result<Value> {
    let (call, once) = read(arguments)?;
    let progress = call.run(|_| once.progress(QUEUES.threads()))?;
    Ok(match progress {
        Progress::Running(runner) => runner.get(),
        Progress::Fresh | Progress::Done => 0,
    }
    .into())
}
