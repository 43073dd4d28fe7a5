//! Promises that wait in the queues, beside blocked threads.
//!
//! Whoever settles such a wait, on any thread, leaves its number in the mailbox of its environment. On the environment's own
//! thread the wait goes on by a step: it is over, and JavaScript is told, or it stands in a queue again. A time limit leaves
//! the number there, too.
//!
//! JavaScript gives the number, and makes its entry, which keeps the memory of the cells, before the wait begins. The entry
//! goes after the wait has left the queues.

use super::QUEUES;
use super::environment::{Environment, Handlers};
use super::errors::report;
use super::listing;
use super::mailbox::Mailbox;
use super::numbers::{Milliseconds, Serial};
use super::realm::{Realm, Realmed};
use crate::cell::SharedWord;
use crate::futex::Deadline;
use crate::primitives::Fault;
use crate::queue::{
    Begun, Context, Key, Kind, Labels, Requester, Unpark, Wait, Waiter, WakeReason,
};
use crate::threads::{Expire, Interrupt, InterruptSource, Limit, Runtime, Thread};
use napi::bindgen_prelude::*;
use napi_derive::napi;
use std::cell::RefCell;
use std::collections::HashMap;
use std::mem::ManuallyDrop;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;

/// How a promise ends: with a number above zero, which says to its class what it came to.
pub type Completion = std::result::Result<f64, Fault>;

/// What a call that begins a wait returns where it waits.
const WAITS: f64 = 0.0;

thread_local! {
    /// The promises of this thread that wait, by their numbers.
    static PENDING: ManuallyDrop<RefCell<HashMap<u64, Box<Pending>>>> =
        ManuallyDrop::new(RefCell::default());
}

/// What a promise waits with.
pub struct Terms {
    /// Its number.
    pub number: u64,
    /// The time limit.
    pub timeout: Milliseconds,
    /// Whether it keeps the thread alive.
    pub keeps_alive: bool,
}

impl Terms {
    /// As JavaScript passes them.
    pub fn new(number: Serial, timeout: Milliseconds, keeps_alive: bool) -> Self {
        Terms {
            number: number.0,
            timeout,
            keeps_alive,
        }
    }
}

/// Where a promise waits.
#[derive(Clone, Copy)]
pub struct Site {
    /// The primitive.
    pub key: Key,
    /// For a Condition's promise: the mutex.
    pub mutex: Option<SharedWord>,
}

impl Site {
    /// Which primitive a fault is told of: what is wrong with the mutex of a Condition's wait, of the mutex.
    pub fn concerned(&self, fault: &Fault) -> Key {
        match (self.mutex, fault) {
            (Some(mutex), fault) if !matches!(fault, Fault::Corrupt(_)) => {
                Key::new(mutex, Kind::Mutex)
            }
            _ => self.key,
        }
    }
}

/// A promise that waits.
struct Pending<W: PendingWait + ?Sized = dyn PendingWait> {
    realm: Rc<Realm>,
    site: Site,
    limit: Option<Box<TimeLimit>>,
    /// Its place in the list for other threads.
    place: u32,
    keeps_alive: bool,
    wait: W,
}

/// The time limit of a promise.
struct TimeLimit {
    deadline: Deadline,
    /// Its entry in the timer.
    _entry: Limit,
}

/// What the timer does when the limit of a promise passes.
struct Expiry {
    number: u64,
    mailbox: Arc<Mailbox>,
}

impl Expire for Expiry {
    fn expired(&self) {
        self.mailbox.post(self.number);
    }
}

/// A wait of any kind.
trait PendingWait {
    fn waiter(&self) -> &Arc<Waiter>;
    fn resume(&mut self, context: &Context, reason: WakeReason) -> Poll<Completion>;
    fn requeue_for_block(&mut self, context: &Context);
    fn revalidate(&self, context: &Context);
    fn is_limited(&self) -> bool;
}

/// A wait, and what to do when it is over, which happens once.
struct Completing<W: Wait, C> {
    wait: W,
    complete: Option<C>,
}

impl<W: Wait, C: FnOnce(W::Output) -> Completion> PendingWait for Completing<W, C> {
    fn waiter(&self) -> &Arc<Waiter> {
        self.wait.waiter()
    }

    fn resume(&mut self, context: &Context, reason: WakeReason) -> Poll<Completion> {
        match self.wait.resume(context, reason) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(output) => Poll::Ready(match self.complete.take() {
                Some(complete) => complete(output),
                None => Err(Fault::Interrupted),
            }),
        }
    }

    fn requeue_for_block(&mut self, context: &Context) {
        self.wait.requeue_for_block(context);
    }

    fn revalidate(&self, context: &Context) {
        self.wait.revalidate(context);
    }

    fn is_limited(&self) -> bool {
        self.wait.is_limited()
    }
}

/// The runtime of a thread that takes a step of a promise: it does not block.
struct NeverBlocks;

impl Runtime for NeverBlocks {
    fn interrupt_source(&self) -> InterruptSource {
        InterruptSource::Never
    }

    fn check_interrupts(&self) -> Interrupt {
        Interrupt::Stop
    }
}

fn as_context<R>(thread: &Arc<Thread>, step: impl FnOnce(&Context) -> R) -> R {
    step(&Context {
        queues: &QUEUES,
        thread,
        runtime: &NeverBlocks,
    })
}

/// What a promise came to.
struct Finished {
    labels: Labels,
    site: Site,
    settled: Completion,
}

impl Pending {
    fn outcome(&self) -> Option<WakeReason> {
        self.wait.waiter().outcome().map(WakeReason::Completed)
    }

    fn is_late(&self) -> bool {
        let passed = |limit: &TimeLimit| limit.deadline <= Deadline::now();
        self.wait.is_limited() && self.limit.as_deref().is_some_and(passed)
    }
}

/// Begins a wait as a promise: 0 where it waits, or what it came to at once. `labels` tells what its cells are called.
pub fn begin<W: Wait + 'static>(
    realm: &Rc<Realm>,
    site: Site,
    terms: Terms,
    labels: impl FnOnce() -> Labels,
    begin: impl FnOnce(&Context, &Requester) -> Begun<W>,
    complete: impl FnOnce(W::Output) -> Completion + 'static,
) -> Result<Completion> {
    let limit = prepare(realm, &terms)?;
    let requester = |context: &Context| {
        let target = Arc::clone(realm.promises()) as Arc<dyn Unpark>;
        Requester::promise_of(context.thread, target, terms.number)
    };
    let settled = as_context(realm.thread(), |context| {
        let wait = match begin(context, &requester(context)) {
            Begun::Ready(output) => return complete(output),
            Begun::Pending(wait) => wait,
        };
        let pending = Box::new(Pending {
            realm: Rc::clone(realm),
            site,
            limit,
            place: listing::add(context.thread, Arc::clone(wait.waiter()), labels()),
            keeps_alive: terms.keeps_alive,
            wait: Completing {
                wait,
                complete: Some(complete),
            },
        });
        add(context, &terms, pending)
    });
    realm.environment().hold_due();
    Ok(settled)
}

/// Makes what a promise needs before its wait begins: where the timer cannot be had, nothing waits.
fn prepare(realm: &Realm, terms: &Terms) -> Result<Option<Box<TimeLimit>>> {
    let environment = realm.environment();
    environment.open_mailbox(Handlers {
        read: read_mailbox,
        end,
    })?;
    let Some(deadline) = terms.timeout.deadline() else {
        return Ok(None);
    };
    if terms.timeout.0 <= 0.0 {
        return Ok(None);
    }
    let expiry = Arc::new(Expiry {
        number: terms.number,
        mailbox: Arc::clone(environment.mailbox()),
    });
    let entry = QUEUES.threads().timer().set(deadline, expiry)?;
    Ok(Some(Box::new(TimeLimit {
        deadline,
        _entry: entry,
    })))
}

/// Adds a promise that waits, or times it out at once.
fn add(context: &Context, terms: &Terms, pending: Box<Pending>) -> Completion {
    pending.realm.begin_pending();
    if pending.keeps_alive {
        pending.realm.environment().hold(1);
    }
    // A letter that came before this is still in the mailbox: only this thread reads it.
    with_pending(|all| all.insert(terms.number, pending));
    if terms.timeout.0 > 0.0 {
        return Ok(WAITS);
    }
    step(context, terms.number, Some(WakeReason::TimedOut))
        .map_or(Ok(WAITS), |finished| finished.settled)
}

fn with_pending<R>(visit: impl FnOnce(&mut HashMap<u64, Box<Pending>>) -> R) -> R {
    PENDING.with(|pending| visit(&mut pending.borrow_mut()))
}

/// Lets a promise take a step, with what ended its sleep, or what it was told, or its time limit if that has passed. None
/// where it waits on, or is over already.
fn step(context: &Context, number: u64, reason: Option<WakeReason>) -> Option<Finished> {
    let mut pending = with_pending(|all| all.remove(&number))?;
    // What it was given in this very moment comes before its time limit, which may have been that of a step before.
    let reason = match (reason, pending.outcome()) {
        (Some(WakeReason::Interrupted), _) => Some(WakeReason::Interrupted),
        (_, Some(told)) => Some(told),
        (Some(WakeReason::TimedOut), None) if !pending.wait.is_limited() => None,
        (Some(reason), None) => Some(reason),
        (None, None) => pending.is_late().then_some(WakeReason::TimedOut),
    };
    if let Some(reason) = reason
        && let Poll::Ready(settled) = pending.wait.resume(context, reason)
    {
        if pending.keeps_alive {
            pending.realm.environment().hold(-1);
        }
        pending.realm.end_pending();
        return Some(Finished {
            labels: listing::remove(context.thread, pending.place),
            site: pending.site,
            settled,
        });
    }
    listing::update(context.thread, pending.place, pending.wait.waiter());
    with_pending(|all| all.insert(number, pending));
    None
}

/// A promise gives up, and passes on what it was given: 0, or what it came to where it was too late for that.
#[napi]
pub fn give_up(realm: Realmed, number: Serial) -> f64 {
    let number = number.0;
    let finished = as_context(realm.thread(), |context| {
        step(context, number, Some(WakeReason::Interrupted))
    });
    realm.environment().hold_due();
    finished
        .and_then(|finished| finished.settled.ok())
        .unwrap_or(WAITS)
}

/// The thread blocks: what its promises were given, and have not been told of yet, goes to others.
pub fn thread_blocks(context: &Context) {
    with_pending(|all| {
        for pending in all.values_mut() {
            pending.wait.requeue_for_block(context);
        }
    });
}

/// The thread goes on: its promises are to be given what was kept from them.
pub fn thread_goes_on(context: &Context) {
    with_pending(|all| {
        for pending in all.values() {
            pending.wait.revalidate(context);
        }
    });
}

/// Reads the mailbox, on the environment's thread.
fn read_mailbox(env: &Env, environment: &Environment) {
    for number in environment.mailbox().take() {
        let Some((realm, thread)) = with_pending(|all| {
            let realm = &all.get(&number)?.realm;
            Some((Rc::clone(realm), Arc::clone(realm.thread())))
        }) else {
            continue;
        };
        // The event loop of a thread that was terminated turns once more. Nobody would be told there: what the promises
        // were given, they are to pass on, when the environment ends.
        if realm.poll(env).is_err() {
            return;
        }
        let Some(finished) = as_context(&thread, |context| step(context, number, None)) else {
            continue;
        };
        match finished.settled {
            Ok(value) => realm.fulfil(env, number, value),
            Err(fault) => {
                let named = finished.labels.get(finished.site.concerned(&fault));
                if let Some(report) = report(&named, thread.id(), fault) {
                    realm.reject(env, number, report);
                }
            }
        }
    }
    environment.release_due();
}

/// All promises of an environment give up: it ends.
fn end(environment: &Environment) {
    let of_environment =
        |pending: &Pending| std::ptr::eq(Rc::as_ptr(pending.realm.environment()), environment);
    let numbers: Vec<_> = with_pending(|all| {
        let own = all.iter().filter(|(_, pending)| of_environment(pending));
        own.map(|(number, pending)| (*number, Arc::clone(pending.realm.thread())))
            .collect()
    });
    for (number, thread) in numbers {
        as_context(&thread, |context| {
            step(context, number, Some(WakeReason::Interrupted))
        });
    }
}
