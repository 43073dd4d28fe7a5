//! The native side of `select`: how it waits. What it takes is up to `lib/select`.

use super::arguments::{Arguments, Limit};
use super::call::Call;
use super::export::{Export, constant, function};
use super::promises::Terms;
use super::status::WaitStatus;
use super::value::{Failure, Result, Value};
use super::{channel, event, latch};
use crate::cell::SharedWord;
use crate::primitives::{Channel, Fault, Selecting, Watched, assert_not_cancelled};
use crate::queue::{Context, Kind};

/// What a case is.
const CHANNEL: u32 = 0;
const EVENT: u32 = 1;
const LATCH: u32 = 2;

/// Added to the index of the case that told the wait: the sum is no other status.
const TOLD: u32 = 16;

/// The exports for select.
pub static EXPORTS: &[Export] = &[
    constant(c"SELECT_CHANNEL", CHANNEL),
    constant(c"SELECT_EVENT", EVENT),
    constant(c"SELECT_LATCH", LATCH),
    constant(c"SELECT_TOLD", TOLD),
    function(c"selectWait", 6, wait),
    function(c"selectWaitAsync", 8, wait_async),
];

/// Reads the cases: an array of arrays.
fn cases(arguments: &mut Arguments) -> Result<Vec<Box<dyn Watched>>> {
    arguments.lists()?.iter_mut().map(case).collect()
}

fn case(arguments: &mut Arguments) -> Result<Box<dyn Watched>> {
    let kind = arguments.index()?;
    let cell = arguments.cell()?.cell();
    Ok(match kind {
        CHANNEL => Box::new((Channel::new(cell), channel::look(arguments)?)),
        EVENT => Box::new(event::of(cell, arguments)?),
        LATCH => Box::new(latch::of(cell, arguments)?),
        _ => return Err(Failure::invalid("no case has this kind")),
    })
}

/// The number that JavaScript receives.
fn number(told: Option<usize>) -> f64 {
    told.map_or(WaitStatus::Acquired.number(), |index| {
        f64::from(TOLD) + index as f64
    })
}

/// The result of a wait with the cancels of its options, and those that are cases of it: if only one of these was
/// aborted, the thread has to look.
fn look_if_a_case_was_aborted(
    result: std::result::Result<Option<usize>, Fault>,
    options: &[SharedWord],
) -> std::result::Result<Option<usize>, Fault> {
    match result {
        Err(Fault::Cancelled) => assert_not_cancelled(options).map(|()| None),
        result => result,
    }
}

/// The first `count` of the cancels: those of the options.
fn options(cancels: &[SharedWord], count: usize) -> Vec<SharedWord> {
    cancels.iter().take(count).copied().collect()
}

fn wait(arguments: &mut Arguments) -> Result<Value> {
    let call = Call::read(arguments, Kind::Select)?;
    let all = cases(arguments)?;
    let count = arguments.index()? as usize;
    let mut limit: Limit = arguments.limit()?;
    let cancels = limit.cancels.clone();
    limit.cancels = options(&cancels, count);
    let mut told = None;
    let wait = |context: &Context, deadline| {
        let context = Context {
            cancels: &cancels,
            ..*context
        };
        let result = Selecting::wait(&context, call.cell(), all, deadline);
        told = look_if_a_case_was_aborted(result, &limit.cancels)?;
        Ok(())
    };
    // As for a Channel: its time is over, though it was told to look again.
    let status = call.within(&limit, wait, |_| Err(Fault::TimedOut))?;
    Ok(told.map_or(status, |index| number(Some(index)).into()))
}

fn wait_async(arguments: &mut Arguments) -> Result<Value> {
    let call = Call::read(arguments, Kind::Select)?;
    let all = cases(arguments)?;
    let count = arguments.index()? as usize;
    let terms = Terms::read(arguments)?;
    let options = options(terms.cancels(), count);
    let cell = call.cell();
    call.promise(
        terms,
        |requester| Selecting::new(requester, cell, all),
        move |result| look_if_a_case_was_aborted(result, &options).map(number),
    )
}
