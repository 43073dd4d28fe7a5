//! The scheduler of explored threads, for `lib/explore/`.

use super::QUEUES;
use super::arguments::Arguments;
use super::export::{Export, constant, function};
use super::realm::Realm;
use super::value::{Env, ErrorText, Failure, Result, Value};
use crate::sync::lock;
use crate::threads::explore::{
    self, Effect, Exploration, Explored, Limits, MOST_THREADS, Resumed, Sleeper, Strategy, Verdict,
};
use crate::threads::{Interrupt, InterruptSource, Runtime};
use napi_sys as sys;
use std::cell::OnceCell;
use std::ffi::c_void;
use std::ptr;
use std::rc::Rc;
use std::sync::{Arc, LazyLock, Mutex};

/// The exports for explorations.
pub static EXPORTS: &[Export] = &[
    constant(c"EXPLORE_MOST_THREADS", MOST_THREADS as u32),
    constant(c"EXPLORE_PASSED", Verdict::Passed as u32),
    constant(c"EXPLORE_FAILED", Verdict::Failed as u32),
    constant(c"EXPLORE_DEADLOCK", Verdict::Deadlock as u32),
    constant(c"EXPLORE_LIVELOCK", Verdict::Livelock as u32),
    constant(c"EXPLORE_EXHAUSTED", Verdict::Exhausted as u32),
    constant(c"EXPLORE_STOPPED", Verdict::Stopped as u32),
    constant(c"EXPLORE_MISSING", Verdict::Missing as u32),
    function(c"exploreNew", 4, new),
    function(c"exploreJoin", 3, join),
    function(c"explorePin", 1, pin),
    function(c"exploreStart", 0, start),
    function(c"exploreEnd", 1, end),
    function(c"explorePoint", 5, point),
    function(c"exploreClock", 0, clock),
    function(c"exploreWait", 3, wait),
    function(c"exploreNotify", 3, notify),
    function(c"exploreChoose", 0, choose),
    function(c"exploreFail", 0, fail),
    function(c"exploreBegin", 0, begin),
    function(c"exploreEndCheck", 0, end_check),
    function(c"exploreScript", 1, set_script),
    function(c"exploreRun", 3, run),
    function(c"exploreReport", 1, report),
    function(c"exploreProgress", 1, progress),
    function(c"exploreClose", 1, close),
];

/// What `napi_get_typedarray_info` returns for the arrays of BigInts, which newer versions of Node-API name.
const BIGINT64_ARRAY: sys::napi_typedarray_type = 9;
const BIGUINT64_ARRAY: sys::napi_typedarray_type = 10;

/// The code of the error that unwinds a thread when its schedule is over.
const OVER: &str = "ERR_EXPLORATION_OVER";

/// The explorations of the process, by their numbers.
static ALL: LazyLock<Mutex<Vec<Option<Arc<Exploration>>>>> = LazyLock::new(Mutex::default);

/// The calling thread in its exploration.
#[derive(Clone)]
struct Turn {
    explored: Arc<Explored>,
    realm: Rc<Realm>,
}

thread_local! {
    static TURN: OnceCell<Turn> = const { OnceCell::new() };
}

/// What the runtime does for an explored thread that waits for its turn.
struct Host<'a> {
    env: Env,
    realm: &'a Realm,
}

impl Runtime for Host<'_> {
    fn interrupt_source(&self) -> InterruptSource {
        self.realm.interrupt_source()
    }

    fn check_interrupts(&self) -> Interrupt {
        self.realm.check_interrupts(self.env)
    }
}

/// Throws the error that unwinds the calling thread, if its schedule is over.
pub fn throw_if_over(env: Env) {
    if explore::current().is_some_and(|explored| explored.is_unwinding()) {
        env.throw(&ErrorText {
            code: OVER,
            message: "The schedule is over, so this thread does not go on.".to_owned(),
        });
    }
}

/// The failure of a thread that is stopped: it is unwound, or it is being terminated.
fn stopped(env: Env) -> Failure {
    throw_if_over(env);
    Failure::Interrupted
}

/// The calling thread, which has joined.
// Not inlined: otherwise every native function would contain a copy.
#[inline(never)]
fn turn() -> Result<Turn> {
    TURN.with(|turn| turn.get().cloned())
        .ok_or_else(|| Failure::invalid("this thread is not explored"))
}

impl Turn {
    fn exploration(&self) -> &Exploration {
        self.explored.exploration()
    }

    /// Calls `operation`, which may have to wait for the turn.
    fn waiting<R>(&self, env: Env, operation: impl FnOnce(&Explored, Sleeper) -> R) -> R {
        let runtime = Host {
            env,
            realm: &self.realm,
        };
        let sleeper = Sleeper {
            threads: QUEUES.threads(),
            thread: self.realm.thread(),
            runtime: &runtime,
        };
        operation(&self.explored, sleeper)
    }
}

fn find(number: u32) -> Result<Arc<Exploration>> {
    lock(&ALL)
        .get(number as usize)
        .cloned()
        .flatten()
        .ok_or_else(|| Failure::invalid("no exploration has this number"))
}

/// The kind, the length and the memory of a typed array. None for anything else.
fn typed_array(env: Env, value: sys::napi_value) -> Option<(i32, usize, *const c_void)> {
    let (mut kind, mut length, mut data) = (0, 0, ptr::null_mut());
    // SAFETY: a value of this environment, and each place is valid or null, as Node-API allows.
    let status = unsafe {
        sys::napi_get_typedarray_info(
            env.raw(),
            value,
            &mut kind,
            &mut length,
            &mut data,
            ptr::null_mut(),
            ptr::null_mut(),
        )
    };
    (status == sys::Status::napi_ok).then_some((kind, length, data.cast_const()))
}

/// The numbers of an Int32Array.
fn numbers(env: Env, value: sys::napi_value) -> Result<Vec<i32>> {
    let Some((sys::TypedarrayType::int32_array, length, data)) = typed_array(env, value) else {
        return Err(Failure::invalid("expected an Int32Array"));
    };
    if data.is_null() {
        return Ok(Vec::new());
    }
    // SAFETY: the memory of the view, which no other thread changes: lib/explore/ makes it for this call.
    Ok(unsafe { std::slice::from_raw_parts(data.cast::<i32>(), length) }.to_vec())
}

/// The address of an element of a typed array. Zero for anything else.
fn address(env: Env, value: sys::napi_value, index: u32) -> usize {
    let Some((kind, _, data)) = typed_array(env, value) else {
        return 0;
    };
    let size = match kind {
        sys::TypedarrayType::int16_array | sys::TypedarrayType::uint16_array => 2,
        sys::TypedarrayType::int32_array
        | sys::TypedarrayType::uint32_array
        | sys::TypedarrayType::float32_array => 4,
        sys::TypedarrayType::float64_array | BIGINT64_ARRAY | BIGUINT64_ARRAY => 8,
        _ => 1,
    };
    data.addr() + index as usize * size
}

fn new(arguments: &mut Arguments) -> Result<Value> {
    let env = arguments.env;
    let limits = Limits {
        threads: arguments.index()? as usize,
        preemptions: arguments.count()?,
        depth: arguments.index()?,
        daemons: numbers(env, arguments.any())?
            .into_iter()
            .map(|daemon| daemon != 0)
            .collect(),
    };
    if !(1..=MOST_THREADS).contains(&limits.threads) {
        return Err(Failure::invalid("the number of threads is out of range"));
    }
    let exploration = Some(Exploration::new(limits));
    let mut all = lock(&ALL);
    let number = all.iter().position(Option::is_none).unwrap_or(all.len());
    match all.get_mut(number) {
        Some(place) => *place = exploration,
        None => all.push(exploration),
    }
    Ok((number as f64).into())
}

fn join(arguments: &mut Arguments) -> Result<Value> {
    let realm = arguments.realm()?;
    let exploration = find(arguments.index()?)?;
    let index = arguments.index()? as usize;
    let explored = Explored::join(&exploration, index, realm.thread())
        .ok_or_else(|| Failure::invalid("this thread is explored already"))?;
    TURN.with(|turn| turn.set(Turn { explored, realm }).ok());
    Ok(Value::Undefined)
}

fn pin(arguments: &mut Arguments) -> Result<Value> {
    // A negative number is none.
    let processor = usize::try_from(arguments.index()? as i32).ok();
    Ok(explore::pin(processor)
        .map(|processor| processor as f64)
        .into())
}

fn start(arguments: &mut Arguments) -> Result<Value> {
    let (env, turn) = (arguments.env, turn()?);
    let started = turn.waiting(env, |me, sleeper| turn.exploration().start(me, sleeper));
    let started = started.map_err(|_| stopped(env))?;
    Ok((started as u32).into())
}

fn end(arguments: &mut Arguments) -> Result<Value> {
    let failed = arguments.boolean()?;
    let turn = turn()?;
    turn.exploration().end(&turn.explored, failed);
    Ok(Value::Undefined)
}

fn point(arguments: &mut Arguments) -> Result<Value> {
    let env = arguments.env;
    let operation = arguments.index()? as u16;
    let view = arguments.any();
    let cell = address(env, view, arguments.index()?);
    let effect = arguments.index()?;
    let value = arguments.number()?;
    let effect = match effect {
        0 => Effect::WillRead,
        1 => Effect::WillWrite,
        2 => Effect::HasRead(value.to_bits()),
        3 => Effect::HasWritten,
        _ => Effect::Nothing,
    };
    let turn = turn()?;
    if !turn.explored.is_active() {
        return Ok(Value::Undefined);
    }
    turn.waiting(env, |me, sleeper| {
        turn.exploration()
            .point(me, operation, cell, effect, sleeper)
    })
    .map(Value::from)
    .map_err(|_| stopped(env))
}

fn clock(_: &mut Arguments) -> Result<Value> {
    Ok((turn()?.exploration().read_clock() as f64).into())
}

/// Returns whether the wait was notified.
fn wait(arguments: &mut Arguments) -> Result<Value> {
    let env = arguments.env;
    let view = arguments.any();
    let cell = address(env, view, arguments.index()?);
    let deadline = arguments.limit()?.deadline();
    let turn = turn()?;
    let wait =
        |me: &Explored, sleeper: Sleeper| turn.exploration().wait(me, cell, deadline, sleeper);
    match turn.waiting(env, wait) {
        Resumed::Woken => Ok(true.into()),
        Resumed::TimedOut => Ok(false.into()),
        Resumed::Stopped => Err(stopped(env)),
    }
}

fn notify(arguments: &mut Arguments) -> Result<Value> {
    let view = arguments.any();
    let cell = address(arguments.env, view, arguments.index()?);
    let count = arguments.count()? as usize;
    let notified = turn()?.exploration().notify(cell, count);
    Ok((notified as f64).into())
}

/// Returns whether to leave the usual way. A schedule notes that as it notes whether a lock is handed off.
fn choose(_: &mut Arguments) -> Result<Value> {
    Ok(explore::choose_handoff().unwrap_or(false).into())
}

fn fail(_: &mut Arguments) -> Result<Value> {
    Ok(turn()?.exploration().fail().into())
}

fn begin(_: &mut Arguments) -> Result<Value> {
    let turn = turn()?;
    turn.exploration().begin(&turn.explored);
    Ok(Value::Undefined)
}

fn end_check(_: &mut Arguments) -> Result<Value> {
    let turn = turn()?;
    turn.exploration().end_check(&turn.explored);
    Ok(Value::Undefined)
}

fn set_script(arguments: &mut Arguments) -> Result<Value> {
    let script = numbers(arguments.env, arguments.any())?;
    turn()?.exploration().set_script(script);
    Ok(Value::Undefined)
}

fn run(arguments: &mut Arguments) -> Result<Value> {
    let strategy = Strategy::of(arguments.index()?)
        .ok_or_else(|| Failure::invalid("no strategy has this number"))?;
    let seed = arguments.number()? as u64;
    let steps = arguments.index()?;
    let turn = turn()?;
    let verdict = turn.waiting(arguments.env, |me, sleeper| {
        turn.exploration().run(me, strategy, seed, steps, sleeper)
    });
    match verdict {
        Verdict::Stopped => Err(Failure::Interrupted),
        verdict => Ok((verdict as u32).into()),
    }
}

fn report(arguments: &mut Arguments) -> Result<Value> {
    let report = find(arguments.index()?)?.report();
    let mut steps = Vec::with_capacity(4 * report.steps.len());
    for step in report.steps {
        let numbers = [
            usize::from(step.thread),
            usize::from(step.operation),
            usize::from(step.before),
            step.cell,
        ];
        steps.extend(numbers.map(|number| Value::from(number as f64)));
    }
    let choices = report.choices.into_iter().map(u32::from).collect();
    Ok(Value::Object(vec![
        (c"choices", choices),
        (c"steps", Value::Array(steps)),
        (c"preemptions", report.preemptions.into()),
        (c"blocked", report.blocked.into_iter().collect()),
        (c"turns", report.turns.into()),
        (c"departed", report.departed.into()),
        (c"died", report.died.into()),
    ]))
}

fn progress(arguments: &mut Arguments) -> Result<Value> {
    let progress = find(arguments.index()?)?.progress();
    let points = progress.points.into_iter().map(|points| points as f64);
    Ok(Value::Object(vec![
        (c"schedules", (progress.schedules as f64).into()),
        // A hash needs no more bits than a number has.
        (c"hash", ((progress.hash >> 11) as f64).into()),
        (c"points", points.collect()),
        (c"level", progress.level.into()),
        (c"turn", progress.turn.into()),
    ]))
}

fn close(arguments: &mut Arguments) -> Result<Value> {
    let number = arguments.index()? as usize;
    let exploration = lock(&ALL).get_mut(number).and_then(Option::take);
    if let Some(exploration) = exploration {
        exploration.close();
    }
    Ok(Value::Undefined)
}
