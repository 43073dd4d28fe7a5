//! Promises that wait in the queues, beside blocked threads.
//!
//! The thread that completes such a wait leaves the promise's id in the mailbox of its environment. On the thread of
//! that environment the wait then takes a step: either it is over and JavaScript settles the promise, or it stands in
//! a queue again. When a time limit passes, the timer leaves the id there, too.
//!
//! JavaScript chooses the id, and makes its entry, which keeps the memory of the cells, before the wait begins. It
//! removes the entry after the wait has left the queues.

use super::QUEUES;
use super::arguments::{self, Arguments, Serial};
use super::environment::{Environment, Handlers};
use super::errors::report;
use super::export::{Export, function};
use super::listing;
use super::mailbox::Mailbox;
use super::realm::{self, Realm};
use super::status::WaitStatus;
use super::value::{Env, Failure, Result, Value};
use crate::cell::SharedWord;
use crate::futex::Deadline;
use crate::hash::HashMap;
use crate::primitives::{Fault, Registered, Wait, assert_not_cancelled};
use crate::queue::{Cancels, Context, Key, Kind, Labels, Requester, Unpark, Waiter, WakeReason};
use crate::threads::{Expire, Interrupt, InterruptSource, Limit, Runtime, Thread};
use std::cell::{Cell, RefCell};

use std::mem::ManuallyDrop;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;

/// The result of a promise: a number above zero, whose meaning its class knows, or a fault.
pub type Completion = std::result::Result<f64, Fault>;

/// The exports of this file.
pub static EXPORTS: &[Export] = &[
    function(c"openMailbox", 1, open_mailbox),
    function(c"giveUp", 2, give_up),
];

/// What a call that begins a wait returns if the promise waits.
const PENDING_RESULT: f64 = WaitStatus::Pending.number();

/// Room for up to so many ids is kept.
const FEW: usize = 64;

thread_local! {
    /// The pending promises of this thread, by their ids.
    // Never dropped with the thread, when the environment that its references belong to has ended.
    static PENDING: ManuallyDrop<RefCell<HashMap<Serial, Box<Pending>>>> =
        ManuallyDrop::new(RefCell::default());
    /// An empty vector, with room for the ids of the next letters.
    static ROOM: Cell<Vec<u64>> = const { Cell::new(Vec::new()) };
}

/// The terms of a wait by promise.
pub struct Terms {
    /// The id of the promise.
    pub serial: Serial,
    /// The time limit and the cancels.
    limit: arguments::Limit,
    /// Whether the promise keeps the thread alive.
    keeps_alive: bool,
}

impl Terms {
    /// The cells of the cancels.
    pub fn cancels(&self) -> &[SharedWord] {
        &self.limit.cancels
    }

    /// Reads the terms, which are three arguments.
    pub fn read(arguments: &mut Arguments) -> Result<Self> {
        Ok(Terms {
            serial: arguments.serial()?,
            limit: arguments.limit()?,
            keeps_alive: arguments.boolean()?,
        })
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
    /// The primitive that a fault concerns. In the wait of a Condition, all faults but a corrupt cell and the end of its
    /// limits concern the mutex.
    pub fn concerned(&self, fault: &Fault) -> Key {
        match (self.mutex, fault) {
            (_, Fault::Corrupt(_) | Fault::TimedOut | Fault::Cancelled) | (None, _) => self.key,
            (Some(mutex), _) => Key::new(mutex, Kind::Mutex),
        }
    }
}

/// A pending promise.
struct Pending<W: PendingWait + ?Sized = dyn PendingWait> {
    entry: Entry,
    wait: W,
}

/// What a pending promise has whatever it waits for.
struct Entry {
    realm: Rc<Realm>,
    site: Site,
    limit: Option<Box<TimeLimit>>,
    cancelling: Option<Box<Cancelling>>,
    /// Its place in the list that other threads read.
    place: u32,
    keeps_alive: bool,
}

/// The time limit of a promise.
struct TimeLimit {
    deadline: Deadline,
    /// Its entry in the timer.
    _entry: Limit,
}

/// The cancels of a promise.
struct Cancelling {
    cancels: Registered<'static>,
    /// What their next deadline calls.
    expiry: Arc<Expiry>,
    /// The entry of that deadline in the timer.
    entry: TimeLimit,
}

impl Cancelling {
    /// Whether one was aborted. If not, the timer is set to their next deadline.
    fn is_aborted(&mut self) -> bool {
        let Ok(next) = self.cancels.check() else {
            return true;
        };
        let deadline = next.unwrap_or(NEVER);
        if self.entry.deadline != deadline {
            let expiry = Arc::clone(&self.expiry) as Arc<dyn Expire>;
            self.entry = TimeLimit {
                deadline,
                _entry: QUEUES.threads().timer().insert(deadline, expiry),
            };
        }
        false
    }
}

/// The deadline of cancels that have none.
const NEVER: Deadline = Deadline::from_nanoseconds(u64::MAX / 2);

/// What the timer calls when the limit of a promise passes.
struct Expiry {
    number: u64,
    mailbox: Arc<Mailbox>,
}

impl Expiry {
    /// Sets a time limit for the promise. Fails if the timer cannot be started.
    fn set(self: &Arc<Self>, deadline: Deadline) -> Result<TimeLimit> {
        let target = Arc::clone(self) as Arc<dyn Expire>;
        let entry = QUEUES.threads().timer().set(deadline, target);
        Ok(TimeLimit {
            deadline,
            _entry: entry.map_err(|error| Failure::refused(&error.to_string()))?,
        })
    }
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

/// A wait, and what to do once when it is over.
struct Completing<W: Wait, C> {
    wait: W,
    complete: Option<C>,
}

impl<W: Wait, C> PendingWait for Completing<W, C>
where
    C: FnOnce(std::result::Result<W::Output, Fault>) -> Completion,
{
    fn waiter(&self) -> &Arc<Waiter> {
        self.wait.waiter()
    }

    fn resume(&mut self, context: &Context, reason: WakeReason) -> Poll<Completion> {
        match self.wait.resume(context, reason) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(result) => Poll::Ready(match self.complete.take() {
                Some(complete) => complete(result),
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

/// The runtime of a thread during a step of a promise, which does not block.
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
        cancels: &[],
    })
}

/// The end of a promise.
struct Finished {
    labels: Labels,
    site: Site,
    completion: Completion,
}

impl Pending {
    fn outcome(&self) -> Option<WakeReason> {
        self.wait.waiter().outcome().map(WakeReason::Completed)
    }

    fn is_late(&self) -> bool {
        let passed = |limit: &TimeLimit| limit.deadline <= Deadline::now();
        self.wait.is_limited() && self.entry.limit.as_deref().is_some_and(passed)
    }

    fn is_cancelled(&mut self) -> bool {
        let is_aborted = |cancelling: &mut Box<Cancelling>| cancelling.is_aborted();
        self.wait.is_limited() && self.entry.cancelling.as_mut().is_some_and(is_aborted)
    }
}

/// Begins a wait as a promise. Returns 0 if it waits, or its result if it did not need to wait. `wait` makes the wait
/// of a requester, `labels` returns the labels of its cells.
pub fn begin<W: Wait + 'static>(
    realm: &Rc<Realm>,
    site: Site,
    terms: Terms,
    labels: &dyn Fn() -> Labels,
    wait: impl FnOnce(&Requester) -> W,
    complete: impl FnOnce(std::result::Result<W::Output, Fault>) -> Completion + 'static,
) -> Result<Completion> {
    let prepared = prepare(realm, &terms)?;
    let completion = as_context(realm.thread(), |context| {
        let requester = requester(context, realm, &terms);
        let mut wait = wait(&requester);
        if let Err(cancelled) = assert_not_cancelled(&terms.limit.cancels) {
            wait.never_began(context);
            return complete(Err(cancelled));
        }
        if let Poll::Ready(result) = wait.start(context) {
            return complete(result);
        }
        let pending = Pending {
            entry: entry(realm, site, &terms, &requester, prepared),
            wait: Completing {
                wait,
                complete: Some(complete),
            },
        };
        add(context, &terms, labels, Box::new(pending))
    });
    realm.environment().hold_due();
    Ok(completion)
}

fn open(environment: &Rc<Environment>) -> Result<()> {
    environment.open_mailbox(Handlers {
        read: read_mailbox,
        end,
    })
}

fn open_mailbox(arguments: &mut Arguments) -> Result<Value> {
    open(arguments.realm()?.environment())?;
    Ok(Value::Undefined)
}

/// What a promise needs before its wait begins.
struct Prepared {
    limit: Option<Box<TimeLimit>>,
    /// For a promise with cancels: what their next deadline calls, and an entry in the timer.
    cancelling: Option<(Arc<Expiry>, TimeLimit)>,
}

// What follows is compiled once, and not for each kind of wait.

/// Makes what a promise needs before its wait begins. If the timer cannot be started, the wait does not begin.
fn prepare(realm: &Realm, terms: &Terms) -> Result<Prepared> {
    let environment = realm.environment();
    open(environment)?;
    let expiry = || {
        Arc::new(Expiry {
            number: terms.serial,
            mailbox: Arc::clone(environment.mailbox()),
        })
    };
    let deadline = terms.limit.deadline().filter(|_| terms.limit.waits());
    let limit = deadline.map(|deadline| expiry().set(deadline).map(Box::new));
    let cancelling = (!terms.limit.cancels.is_empty()).then(|| {
        let expiry = expiry();
        expiry.set(NEVER).map(|entry| (expiry, entry))
    });
    Ok(Prepared {
        limit: limit.transpose()?,
        cancelling: cancelling.transpose()?,
    })
}

fn entry(
    realm: &Rc<Realm>,
    site: Site,
    terms: &Terms,
    requester: &Requester,
    prepared: Prepared,
) -> Entry {
    let Prepared { limit, cancelling } = prepared;
    Entry {
        realm: Rc::clone(realm),
        site,
        limit,
        cancelling: register(site, terms, requester, cancelling),
        place: 0,
        keeps_alive: terms.keeps_alive,
    }
}

/// Registers a promise with its cancels. One that waits for a Cancel stands in its queue already.
fn register(
    site: Site,
    terms: &Terms,
    requester: &Requester,
    cancelling: Option<(Arc<Expiry>, TimeLimit)>,
) -> Option<Box<Cancelling>> {
    let (expiry, entry) = cancelling?;
    let cells = &terms.limit.cancels;
    let cancels = match site.key.kind() {
        Kind::Cancel => Registered::watch(&QUEUES, cells),
        _ => Registered::enter(&QUEUES, cells, requester),
    };
    Some(Box::new(Cancelling {
        cancels: cancels?,
        expiry,
        entry,
    }))
}

fn requester(context: &Context, realm: &Realm, terms: &Terms) -> Requester {
    let target = Arc::clone(realm.promises()) as Arc<dyn Unpark>;
    Requester::promise_of(context.thread, target, terms.serial)
}

/// Adds a pending promise. It ends at once if it must not wait, or if a cancel was aborted meanwhile.
fn add(
    context: &Context,
    terms: &Terms,
    labels: &dyn Fn() -> Labels,
    mut pending: Box<Pending>,
) -> Completion {
    let waiter = Arc::clone(pending.wait.waiter());
    let entry = &mut pending.entry;
    let is_cancellable = entry.cancelling.is_some();
    entry.place = listing::add(context.thread, waiter, labels());
    entry.realm.begin_pending();
    if entry.keeps_alive {
        entry.realm.environment().hold(1);
    }
    // A letter that came before this is still in the mailbox, which only this thread reads.
    with_pending(|all| all.insert(terms.serial, pending));
    let reason = (!terms.limit.waits()).then_some(WakeReason::TimedOut);
    if reason.is_none() && !is_cancellable {
        return Ok(PENDING_RESULT);
    }
    step(context, terms.serial, reason).map_or(Ok(PENDING_RESULT), |finished| finished.completion)
}

fn with_pending<R>(visit: impl FnOnce(&mut HashMap<Serial, Box<Pending>>) -> R) -> R {
    PENDING.with(|pending| visit(&mut pending.borrow_mut()))
}

/// Lets a promise take a step for `reason`, for a cancel, for its outcome, or for its time limit if that has passed. None if it
/// keeps waiting, or was over before.
fn step(context: &Context, number: u64, reason: Option<WakeReason>) -> Option<Finished> {
    let mut pending = with_pending(|all| all.remove(&number))?;
    let is_cancelled = pending.is_cancelled();
    // An outcome of this very moment comes before the time limit, which may have been that of an earlier step.
    let reason = match (reason, pending.outcome()) {
        (Some(WakeReason::Interrupted), _) => Some(WakeReason::Interrupted),
        _ if is_cancelled => Some(WakeReason::Cancelled),
        (_, Some(outcome)) => Some(outcome),
        (Some(WakeReason::TimedOut), None) if !pending.wait.is_limited() => None,
        (Some(reason), None) => Some(reason),
        (None, None) => pending.is_late().then_some(WakeReason::TimedOut),
    };
    if let Some(reason) = reason
        && let Poll::Ready(completion) = pending.wait.resume(context, reason)
    {
        let entry = &pending.entry;
        if entry.keeps_alive {
            entry.realm.environment().hold(-1);
        }
        entry.realm.end_pending();
        return Some(Finished {
            labels: listing::remove(context.thread, entry.place),
            site: entry.site,
            completion,
        });
    }
    listing::update(context.thread, pending.entry.place, pending.wait.waiter());
    with_pending(|all| all.insert(number, pending));
    None
}

fn give_up(arguments: &mut Arguments) -> Result<Value> {
    let realm = arguments.realm()?;
    let serial = arguments.serial()?;
    let finished = as_context(realm.thread(), |context| {
        step(context, serial, Some(WakeReason::Interrupted))
    });
    realm.environment().hold_due();
    let completion = finished.and_then(|finished| finished.completion.ok());
    Ok(completion.unwrap_or(PENDING_RESULT).into())
}

/// Called when the thread blocks: what its promises were granted, and have not learned of yet, goes to other waiters.
pub fn before_block(context: &Context) {
    with_pending(|all| {
        for pending in all.values_mut() {
            pending.wait.requeue_for_block(context);
        }
    });
}

/// Called when the thread resumes: its promises receive what was withheld from them.
pub fn after_block(context: &Context) {
    with_pending(|all| {
        for pending in all.values() {
            pending.wait.revalidate(context);
        }
    });
}

/// Reads the mailbox, on the thread of the environment.
fn read_mailbox(env: Env, environment: &Environment) {
    realm::catch_up(env, environment);
    let mut numbers = environment.mailbox().exchange(ROOM.take());
    for &number in &numbers {
        let Some(realm) = with_pending(|all| Some(Rc::clone(&all.get(&number)?.entry.realm)))
        else {
            continue;
        };
        // The event loop of a terminated thread turns once more, but its JavaScript cannot run. Its promises pass on
        // what they were granted when the environment ends.
        if realm.is_terminating(env) {
            return;
        }
        let Some(finished) = as_context(realm.thread(), |context| step(context, number, None))
        else {
            continue;
        };
        match finished.completion {
            Ok(value) => realm.fulfil(env, number, value),
            Err(fault) => {
                let named = finished.labels.get(finished.site.concerned(&fault));
                if let Some(report) = report(&named, realm.thread().id(), fault) {
                    realm.reject(env, number, report);
                }
            }
        }
    }
    numbers.clear();
    numbers.shrink_to(FEW);
    ROOM.set(numbers);
    environment.release_due();
}

/// Cancels all promises of an environment, since it ends.
fn end(environment: &Environment) {
    let of_environment = |pending: &Pending| {
        std::ptr::eq(Rc::as_ptr(pending.entry.realm.environment()), environment)
    };
    let numbers: Vec<_> = with_pending(|all| {
        let own = all.iter().filter(|(_, pending)| of_environment(pending));
        own.map(|(number, pending)| (*number, Arc::clone(pending.entry.realm.thread())))
            .collect()
    });
    for (number, thread) in numbers {
        as_context(&thread, |context| {
            step(context, number, Some(WakeReason::Interrupted))
        });
    }
    // The table is not dropped with the thread: what it holds needs a living environment.
    with_pending(HashMap::shrink_to_fit);
}
