//! The native side of lock order, which all threads of the process share.

use super::arguments::Arguments;
use super::export::{Export, function};
use super::names::{list, thread};
use super::value::{Result, Value, check};
use super::view::CellView;
use crate::order::{
    Cycle, EdgeEnd, Full, Inner, Inversion, LockOrder, MOST_REPORTS, Mode, Number, Place, Step,
    Title,
};
use crate::queue::Kind;
use crate::threads::ThreadId;
use napi_sys as sys;
use std::fmt::Write as _;
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};

/// The exports for lock order.
pub static EXPORTS: &[Export] = &[
    function(c"orderLock", 4, lock_at),
    function(c"orderClass", 2, class),
    function(c"orderKeep", 2, keep),
    function(c"orderHandOver", 2, hand_over),
    function(c"orderBegin", 2, begin),
    function(c"orderDrop", 2, drop_buffer),
    function(c"orderKnows", 3, knows),
    function(c"orderEdge", 6, add_edge),
    function(c"orderWrite", 2, request_write),
    function(c"orderOmitted", 0, omitted),
    function(c"orderForget", 0, forget),
    function(c"orderCount", 0, count),
    function(c"orderInversions", 0, inversions),
];

/// The order of the locks of this process.
static ORDER: LazyLock<LockOrder> = LazyLock::new(LockOrder::new);
/// Whether the process uses lock order.
static IS_USED: AtomicBool = AtomicBool::new(false);

/// The main thread adopts the buffers that workers hand over.
static MAIN_ADOPTS: AtomicBool = AtomicBool::new(false);

/// In the mode of an edge: the first lock was held to write.
const HELD_TO_WRITE: u32 = 1;
/// In the mode of an edge: the second lock was asked for to write.
const ASKED_TO_WRITE: u32 = 2;

/// The id of the main thread.
const MAIN: u32 = 1;

/// A thread has ended: its buffers may be reused.
pub fn thread_ended(id: ThreadId) {
    if IS_USED.load(Ordering::Acquire) {
        ORDER.lock().thread_ended(id);
    }
}

/// The address of the buffer around a cell.
fn base(cell: CellView) -> usize {
    cell.cell().address() - cell.index() * size_of::<u32>()
}

fn number(number: Option<Number>) -> Value {
    Value::Number(number.unwrap_or(0) as f64)
}

fn lock_at(arguments: &mut Arguments) -> Result<Value> {
    let cell = arguments.cell()?;
    let is_rwlock = arguments.boolean()?;
    let (class, name) = (arguments.text()?, arguments.name().read(arguments.env));
    let kind = if is_rwlock { Kind::RwLock } else { Kind::Mutex };
    let place = Place {
        base: base(cell),
        cell: cell.cell().address(),
        kind,
    };
    let title = || Title {
        text: match name {
            Some(name) => format!("{class} \"{name}\""),
            None => format!("\"{class} in cell {}\"", cell.index()),
        },
        is_rwlock,
    };
    Ok(number(ORDER.lock().lock_at(place, title)))
}

fn class(arguments: &mut Arguments) -> Result<Value> {
    let text = arguments.text()?;
    let is_rwlock = arguments.boolean()?;
    Ok(number(ORDER.lock().class(Title { text, is_rwlock })))
}

fn keep(arguments: &mut Arguments) -> Result<Value> {
    let thread = arguments.realm()?.thread().id();
    let cell = arguments.cell()?;
    IS_USED.store(true, Ordering::Release);
    ORDER.lock().keep(base(cell), thread);
    Ok(Value::Undefined)
}

/// The main thread keeps the buffer that a worker has sent to it, from here on and not only from when it reads the message:
/// the worker may end before that.
fn hand_over(arguments: &mut Arguments) -> Result<Value> {
    let cell = arguments.cell()?;
    let is_sent = arguments.boolean()?;
    let Some(main) = ThreadId::new(MAIN).filter(|_| MAIN_ADOPTS.load(Ordering::Acquire)) else {
        return Ok(false.into());
    };
    let mut order = ORDER.lock();
    let is_needed = !order.is_kept_by(base(cell), main);
    if is_sent {
        order.keep(base(cell), main);
    }
    Ok(is_needed.into())
}

/// A realm begins, and keeps its buffers in a map. The map stays, so that the buffers do, even if the realm is not used any
/// more: the addresses in it have to mean the same locks until the thread ends.
fn begin(arguments: &mut Arguments) -> Result<Value> {
    let thread = arguments.realm()?.thread().id();
    let (env, buffers) = (arguments.env.raw(), arguments.any());
    let mut reference = ptr::null_mut();
    // SAFETY: a value of this environment. The reference ends with the environment.
    let status = unsafe { sys::napi_create_reference(env, buffers, 1, &mut reference) };
    check(status, "buffers must be a map")?;
    let is_first = thread.get() == MAIN && !MAIN_ADOPTS.swap(true, Ordering::AcqRel);
    Ok(is_first.into())
}

fn drop_buffer(arguments: &mut Arguments) -> Result<Value> {
    let thread = arguments.realm()?.thread().id();
    let cell = arguments.cell()?;
    ORDER.lock().drop_buffer(base(cell), thread);
    Ok(Value::Undefined)
}

fn read_end(arguments: &mut Arguments) -> Result<EdgeEnd> {
    let (from, to) = (arguments.serial()?, arguments.serial()?);
    let modes = arguments.index()?;
    let mode = |bit| match modes & bit {
        0 => Mode::Read,
        _ => Mode::Write,
    };
    Ok(EdgeEnd {
        from,
        held: mode(HELD_TO_WRITE),
        to,
        asked: mode(ASKED_TO_WRITE),
    })
}

fn knows(arguments: &mut Arguments) -> Result<Value> {
    let end = read_end(arguments)?;
    Ok(ORDER.lock().knows(end).into())
}

fn add_edge(arguments: &mut Arguments) -> Result<Value> {
    let thread = arguments.realm()?.thread().id();
    let end = read_end(arguments)?;
    let stack = arguments.text()?;
    let refuses = arguments.boolean()?;
    let mut order = ORDER.lock();
    let cycle = order.add_edge(end, thread, stack, refuses);
    Ok(cycle.map(|cycle| found(&mut order, cycle)).into())
}

fn request_write(arguments: &mut Arguments) -> Result<Value> {
    arguments.realm()?;
    let number = arguments.serial()?;
    let mut order = ORDER.lock();
    let cycles = order.request_write(number).into_iter();
    Ok(cycles.map(|cycle| found(&mut order, cycle)).collect())
}

/// Records a cycle if it is new. Returns it as `OrderReport` of binding.d.ts describes it.
fn found(order: &mut Inner, cycle: Cycle) -> Value {
    let is_new = order.is_new(&cycle);
    let text = text(&cycle);
    let report = vec![
        (c"text", text.clone().into()),
        (c"isNew", is_new.into()),
        (c"isRecursion", cycle.is_recursion().into()),
    ];
    if is_new {
        order.record(Arc::new(Inversion { cycle, text }));
    }
    Value::Object(report)
}

fn omitted(_: &mut Arguments) -> Result<Value> {
    let text = ORDER.lock().take_unsaid().map(|full| match full {
        Full::Locks => "Lock order follows at most 16,384 locks at a time. It does not follow further ones.".to_owned(),
        Full::Edges => {
            "Lock order remembers at most 65,536 pairs of locks. It does not remember further ones.".to_owned()
        }
        Full::Reports => {
            format!("Lock order reports at most {MOST_REPORTS} inversions. It does not report further ones.")
        }
    });
    Ok(text.into())
}

fn forget(_: &mut Arguments) -> Result<Value> {
    ORDER.lock().forget();
    Ok(Value::Undefined)
}

fn count(_: &mut Arguments) -> Result<Value> {
    Ok((ORDER.lock().count() as f64).into())
}

fn inversions(_: &mut Arguments) -> Result<Value> {
    let all = ORDER.lock().inversions();
    Ok(all.iter().map(|inversion| describe(inversion)).collect())
}

/// A report as `OrderInversion` of binding.d.ts describes it.
fn describe(Inversion { cycle, text }: &Inversion) -> Value {
    let steps = cycle.steps.iter();
    Value::Object(vec![
        (c"message", text.clone().into()),
        (
            c"locks",
            steps.clone().map(|step| step.holds.text.clone()).collect(),
        ),
        (c"edges", steps.map(edge).collect()),
    ])
}

fn edge(step: &Step) -> Value {
    let mode = |mode| match mode {
        Mode::Read => "read".to_owned(),
        Mode::Write => "write".to_owned(),
    };
    Value::Object(vec![
        (c"threadId", step.thread.worker().into()),
        (c"holds", step.holds.text.clone().into()),
        (c"heldTo", mode(step.held).into()),
        (c"acquires", step.asks.text.clone().into()),
        (c"acquiresTo", mode(step.asked).into()),
        (c"stack", step.stack.clone().into()),
    ])
}

/// What a cycle means, with each edge and its stack.
fn text(cycle: &Cycle) -> String {
    let mut text = match &cycle.steps[..] {
        [step] if cycle.is_recursion() && step.held == Mode::Read && step.asked == Mode::Read => {
            format!(
                "The {} was read inside a read of it by the same thread or task. If a writer waits between the two, both \
             wait for ever. Read once, and pass on what was read.",
                step.holds.text
            )
        }
        [step] if cycle.is_recursion() => format!(
            "A lock of the class {0} was acquired while another lock of the class {0} was held. If another thread \
             acquires the two in the other order, both can deadlock. Acquire locks of one class in one order, and \
             allow the pair.",
            step.holds.text
        ),
        steps => {
            let locks: Vec<_> = steps
                .iter()
                .map(|step| format!("the {}", step.holds.text))
                .collect();
            format!(
                "These locks are acquired in an order that can deadlock, although nothing deadlocked here: {}. Acquire \
                 them in the same order everywhere.",
                list(&locks)
            )
        }
    };
    for step in &cycle.steps {
        let (holds, asks) = (&step.holds, &step.asks);
        let held = match step.held {
            _ if !holds.is_rwlock => "owned",
            Mode::Read => "read",
            Mode::Write => "wrote",
        };
        let asked = match step.asked {
            _ if !asks.is_rwlock => "lock",
            Mode::Read => "read",
            Mode::Write => "write",
        };
        let who = capitalized(&thread(step.thread).to_string());
        // Writing to a string does not fail.
        let _ = write!(
            text,
            "\n  {who} {held} the {} and asked to {asked} the {}:",
            holds.text, asks.text
        );
        for line in step.stack.lines() {
            let _ = write!(text, "\n      {}", line.trim());
        }
    }
    text
}

fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}
