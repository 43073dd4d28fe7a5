//! Which observers are on, as a fact of the process. A thread that finds out lets its JavaScript exchange the methods of
//! the classes: when it loads the package, at its next native call on a primitive, and at the next turn of its event loop.

use super::arguments::Arguments;
use super::export::{Export, constant, function};
use super::mailbox::Mailbox;
use super::value::{Failure, Result, Value};
use crate::sync::lock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, Weak};

/// The exports for observers.
pub static EXPORTS: &[Export] = &[
    constant(c"LOCK_ORDER", LOCK_ORDER),
    function(c"observe", 2, observe),
    function(c"observers", 0, observers),
    function(c"observerOptions", 1, options),
];

/// The bit of lock order.
pub const LOCK_ORDER: u32 = 1;
/// How many observers there are.
const OBSERVERS: usize = 1;

/// Incremented with each change of `STATE`, after it: a thread that acquires the new number finds the new state.
static EPOCH: AtomicU32 = AtomicU32::new(0);

static STATE: Mutex<State> = Mutex::new(State {
    options: [const { None }; OBSERVERS],
    mailboxes: Vec::new(),
});

struct State {
    /// The options of each observer. None while it is off.
    options: [Option<String>; OBSERVERS],
    /// The environments of the process, whose threads look again at the next turn of their event loops.
    mailboxes: Vec<Weak<Mailbox>>,
}

/// The number of changes. A thread that has seen another one has to look again.
pub fn epoch() -> u32 {
    EPOCH.load(Ordering::Acquire)
}

/// Lets an environment know of changes from here on.
pub fn add(mailbox: &Arc<Mailbox>) {
    let mailboxes = &mut lock(&STATE).mailboxes;
    let is_same = |known: &Weak<Mailbox>| std::ptr::eq(known.as_ptr(), Arc::as_ptr(mailbox));
    if mailboxes.iter().any(is_same) {
        return;
    }
    mailboxes.retain(|mailbox| mailbox.strong_count() > 0);
    mailboxes.push(Arc::downgrade(mailbox));
}

fn place(observer: u32) -> Result<usize> {
    match observer {
        LOCK_ORDER => Ok(0),
        _ => Err(Failure::invalid("no observer has this number")),
    }
}

fn observe(arguments: &mut Arguments) -> Result<Value> {
    let place = place(arguments.index()?)?;
    let options = arguments.text()?;
    let mailboxes = {
        let state = &mut *lock(&STATE);
        if state.options[place].as_ref() == Some(&options) {
            return Ok(false.into());
        }
        state.options[place] = Some(options);
        state.mailboxes.clone()
    };
    EPOCH.fetch_add(1, Ordering::AcqRel);
    for mailbox in mailboxes.iter().filter_map(Weak::upgrade) {
        mailbox.ring();
    }
    Ok(true.into())
}

fn observers(_: &mut Arguments) -> Result<Value> {
    let state = lock(&STATE);
    let on = state
        .options
        .iter()
        .enumerate()
        .filter(|(_, options)| options.is_some());
    Ok(on
        .fold(0, |bits, (place, _)| bits | (1_u32 << place))
        .into())
}

fn options(arguments: &mut Arguments) -> Result<Value> {
    let place = place(arguments.index()?)?;
    Ok(lock(&STATE).options[place].clone().into())
}
