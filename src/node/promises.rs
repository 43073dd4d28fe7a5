//! Promises that wait in the queues, beside blocked threads.
//!
//! Whoever settles such a wait, on any thread, leaves its number in the mailbox of its environment, which has one
//! thread-safe function to have itself emptied by. On the environment's own thread the wait goes on by a step: it is
//! over, and JavaScript is told, or it stands in a queue again.
//!
//! A thread-safe function that is called after its environment has ended ends the process on some versions of Node. So
//! it is called under the mailbox's lock only, and taken away under it by a cleanup hook that was registered after it,
//! and so runs before it ends.

use super::realm::Shared;
use crate::primitives::{Fault, Locked, Recovered};
use crate::queue::{Begun, Caller, Key, Kind, Party, Readiness, Slept, Step, Unpark, Wait};
use crate::sync::lock;
use crate::threads::Thread;
use napi::bindgen_prelude::*;
use napi::sys;
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::ffi::c_void;
use std::ptr;
use std::rc::Rc;
use std::sync::{Arc, Mutex};

/// What a promise is fulfilled with.
pub type Value = Either3<bool, u32, Undefined>;

/// How a promise ends.
pub type Settled = std::result::Result<Value, Fault>;

thread_local! {
    /// The realms of this thread that ever had promises.
    static REALMS: RefCell<Vec<Rc<Shared>>> = const { RefCell::new(Vec::new()) };
}

/// The thread blocks.
pub fn thread_blocks(caller: &Caller) {
    REALMS.with_borrow(|realms| {
        for realm in realms {
            realm.promises().retreat(caller);
        }
    });
}

/// The thread goes on.
pub fn thread_goes_on(caller: &Caller) {
    REALMS.with_borrow(|realms| {
        for realm in realms {
            realm.promises().tend(caller);
        }
    });
}

/// How a promise ends that is fulfilled with nothing.
pub fn locked(locked: std::result::Result<Locked, Fault>) -> Settled {
    match locked? {
        Locked::Acquired => Ok(Value::C(())),
        Locked::TimedOut => Err(Fault::TimedOut),
    }
}

/// How a promise ends that is fulfilled with whether a lock was taken over from an owner that died.
pub fn recovered(recovered: std::result::Result<Recovered, Fault>) -> Settled {
    recovered?.cleared().map(Value::A).ok_or(Fault::TimedOut)
}

/// The promises of one realm that wait.
pub struct Promises {
    mailbox: Arc<Mailbox>,
    waiting: RefCell<HashMap<u32, Box<dyn Pending>>>,
    last_number: Cell<u32>,
    /// How many of them keep the environment alive.
    holding: Cell<u32>,
    /// Letters are due, and keep it alive until they are read.
    due_held: Cell<bool>,
}

/// Where other threads leave the numbers of the promises that are to go on.
struct Mailbox {
    letters: Mutex<Letters>,
}

struct Letters {
    /// None before the first promise, and after the environment has ended.
    function: Option<Function>,
    numbers: Vec<u32>,
}

#[derive(Clone, Copy)]
struct Function(sys::napi_threadsafe_function);

// SAFETY: a thread-safe function may be called from any thread for as long as its environment lives.
unsafe impl Send for Function {}

impl Mailbox {
    fn post(&self, number: u32) {
        let mut letters = lock(&self.letters);
        let Some(function) = letters.function else {
            return;
        };
        letters.numbers.push(number);
        if letters.numbers.len() == 1 {
            // SAFETY: it lives: this is under the lock under which it is taken away.
            unsafe {
                sys::napi_call_threadsafe_function(
                    function.0,
                    ptr::null_mut(),
                    sys::ThreadsafeFunctionCallMode::nonblocking,
                )
            };
        }
    }
}

/// One promise, as whoever settles its wait sees it.
struct Ticket {
    number: u32,
    mailbox: Arc<Mailbox>,
    thread: Arc<Thread>,
}

impl Unpark for Ticket {
    fn unpark(&self) {
        self.mailbox.post(self.number);
    }

    /// A promise does not block: it is part of no deadlock.
    fn poke(&self) {}

    /// While the thread is blocked, its event loop does not turn, and a lock that it was handed would make it the owner of
    /// what it may be waiting for.
    fn readiness(&self) -> Readiness {
        if self.thread.is_blocked() {
            Readiness::Away
        } else {
            Readiness::Ready
        }
    }
}

/// A wait of any kind.
trait Pending {
    /// Which primitive it ended so at.
    fn concerned(&self, settled: &Settled) -> Key;
    fn resume(&mut self, caller: &Caller, slept: Slept) -> Step<Settled>;
    fn slept(&self) -> Option<Slept>;
    fn retreat(&mut self, caller: &Caller);
    fn tend(&self, caller: &Caller);
    fn is_limited(&self) -> bool;
}

struct PendingWait<W: Wait> {
    wait: W,
    key: Key,
    settle: fn(W::Output) -> Settled,
    // Dropped last: the cells that it waits at are valid for as long as this is.
    _keep: Rc<dyn Any>,
}

impl<W: Wait> Pending for PendingWait<W> {
    fn concerned(&self, settled: &Settled) -> Key {
        match (self.key.kind(), settled) {
            (_, Ok(_) | Err(Fault::Corrupt(_))) => self.key,
            // What is wrong with the mutex of the wait is told of the mutex.
            (Kind::Condition, Err(_)) => self.wait.waiter().key(),
            _ => self.key,
        }
    }

    fn slept(&self) -> Option<Slept> {
        self.wait.waiter().outcome().map(Slept::Settled)
    }

    fn resume(&mut self, caller: &Caller, slept: Slept) -> Step<Settled> {
        match self.wait.resume(caller, slept) {
            Step::Done(output) => Step::Done((self.settle)(output)),
            Step::Pending => Step::Pending,
        }
    }

    fn retreat(&mut self, caller: &Caller) {
        self.wait.retreat(caller);
    }

    fn tend(&self, caller: &Caller) {
        self.wait.tend(caller);
    }

    fn is_limited(&self) -> bool {
        self.wait.is_limited()
    }
}

/// A promise that was begun.
pub enum BegunPromise {
    /// It took no waiting.
    Settled(Settled),
    /// Its number. The realm's `settle` is called with it when it is over.
    Waits(u32),
}

impl Default for Promises {
    fn default() -> Self {
        Self::new()
    }
}

impl Promises {
    /// None yet.
    pub fn new() -> Self {
        Promises {
            mailbox: Arc::new(Mailbox {
                letters: Mutex::new(Letters {
                    function: None,
                    numbers: Vec::new(),
                }),
            }),
            waiting: RefCell::new(HashMap::new()),
            last_number: Cell::new(0),
            holding: Cell::new(0),
            due_held: Cell::new(false),
        }
    }

    /// Begins a wait on the primitive at `key`, as a promise.
    pub fn begin<W: Wait + 'static>(
        &self,
        caller: &Caller,
        key: Key,
        keep: Rc<dyn Any>,
        begin: impl FnOnce(&Party) -> Begun<W>,
        settle: fn(W::Output) -> Settled,
    ) -> BegunPromise {
        let number = self.next_number();
        let ticket = Ticket {
            number,
            mailbox: Arc::clone(&self.mailbox),
            thread: Arc::clone(caller.thread),
        };
        match begin(&Party::promise_of(caller, Arc::new(ticket))) {
            Begun::Done(output) => BegunPromise::Settled(settle(output)),
            Begun::Waits(wait) => {
                let pending = PendingWait {
                    wait,
                    key,
                    settle,
                    _keep: keep,
                };
                // A letter that came before this is still in the mailbox: only this thread empties it.
                self.waiting.borrow_mut().insert(number, Box::new(pending));
                BegunPromise::Waits(number)
            }
        }
    }

    fn next_number(&self) -> u32 {
        let waiting = self.waiting.borrow();
        let mut number = self.last_number.get();
        loop {
            // Zero means none to JavaScript.
            number = number.checked_add(1).unwrap_or(1);
            if !waiting.contains_key(&number) {
                self.last_number.set(number);
                return number;
            }
        }
    }

    /// Lets a promise go on; none where it waits on, or is over already.
    fn resume(&self, caller: &Caller, number: u32, slept: Option<Slept>) -> Option<(Key, Settled)> {
        let mut pending = self.waiting.borrow_mut().remove(&number)?;
        let slept = slept.or_else(|| pending.slept());
        if let Some(slept) = slept
            && let Step::Done(settled) = pending.resume(caller, slept)
        {
            return Some((pending.concerned(&settled), settled));
        }
        self.waiting.borrow_mut().insert(number, pending);
        None
    }

    /// The time of a promise is up.
    pub fn time_is_up(&self, caller: &Caller, number: u32) -> Option<(Key, Settled)> {
        // What it was given in this very moment comes first; and its limit may have been that of a step before.
        let waits_on = self
            .waiting
            .borrow()
            .get(&number)
            .is_some_and(|pending| pending.is_limited() && pending.slept().is_none());
        let slept = waits_on.then_some(Slept::TimedOut);
        self.resume(caller, number, slept)
    }

    /// A promise gives up, and passes on what it was given; what cannot be passed on it comes to.
    pub fn give_up(&self, caller: &Caller, number: u32) -> Option<(Key, Settled)> {
        self.resume(caller, number, Some(Slept::Interrupted))
            .filter(|(_, settled)| settled.is_ok())
    }

    /// Their thread blocks: what they were given, and have not been told of yet, goes to others.
    fn retreat(&self, caller: &Caller) {
        for pending in self.waiting.borrow_mut().values_mut() {
            pending.retreat(caller);
        }
    }

    /// Their thread goes on: they are to be given what was kept from them.
    fn tend(&self, caller: &Caller) {
        for pending in self.waiting.borrow().values() {
            pending.tend(caller);
        }
    }

    /// All give up: the environment ends.
    fn end(&self, caller: &Caller) {
        lock(&self.mailbox.letters).function = None;
        let numbers: Vec<_> = self.waiting.borrow().keys().copied().collect();
        for number in numbers {
            self.give_up(caller, number);
        }
    }

    /// The promises that were left letters.
    fn due(&self) -> Vec<u32> {
        std::mem::take(&mut lock(&self.mailbox.letters).numbers)
    }

    /// Keeps the environment alive until its letters are read: a promise that this very thread lets through is to have its
    /// turn, also where a pending one is no reason to live on.
    pub fn hold_due(&self, env: &Env) {
        if self.due_held.get() || self.waiting.borrow().is_empty() {
            return;
        }
        let due = !lock(&self.mailbox.letters).numbers.is_empty();
        if due {
            self.due_held.set(true);
            self.hold(env, 1);
        }
    }

    /// The letters were read.
    fn release_due(&self, env: &Env) {
        if self.due_held.replace(false) {
            self.hold(env, -1);
        }
    }

    /// Counts a promise that keeps the environment alive in (1) or out (-1).
    pub fn hold(&self, env: &Env, change: i32) {
        let before = self.holding.get();
        let after = before.saturating_add_signed(change);
        self.holding.set(after);
        let Some(function) = lock(&self.mailbox.letters).function else {
            return;
        };
        // SAFETY: the function of this environment, on its own thread.
        unsafe {
            match (before, after) {
                (0, 1..) => sys::napi_ref_threadsafe_function(env.raw(), function.0),
                (1.., 0) => sys::napi_unref_threadsafe_function(env.raw(), function.0),
                _ => sys::Status::napi_ok,
            };
        }
    }
}

/// Makes the realm's thread-safe function, with its first promise.
pub fn open_mailbox(env: &Env, shared: &Rc<Shared>) -> Result<()> {
    let mailbox = &shared.promises().mailbox;
    if lock(&mailbox.letters).function.is_some() {
        return Ok(());
    }
    let mut function = ptr::null_mut();
    // Given to the function and its hook, which need it until the environment ends.
    let context = Rc::into_raw(Rc::clone(shared)).cast_mut().cast::<c_void>();
    // SAFETY: values of this environment; the context stays alive for ever, as one realm does in one environment.
    let statuses = unsafe {
        let mut name = ptr::null_mut();
        let text = "shared-sync";
        [
            sys::napi_create_string_utf8(
                env.raw(),
                text.as_ptr().cast(),
                text.len() as isize,
                &mut name,
            ),
            sys::napi_create_threadsafe_function(
                env.raw(),
                ptr::null_mut(),
                ptr::null_mut(),
                name,
                0,
                1,
                ptr::null_mut(),
                None,
                context,
                Some(empty_mailbox),
                &mut function,
            ),
            sys::napi_unref_threadsafe_function(env.raw(), function),
            // After the function, so that it runs before the function ends.
            sys::napi_add_env_cleanup_hook(env.raw(), Some(environment_ends), context),
        ]
    };
    for status in statuses {
        if status != sys::Status::napi_ok {
            return Err(Error::new(
                status.into(),
                "cannot be woken by other threads",
            ));
        }
    }
    lock(&mailbox.letters).function = Some(Function(function));
    REALMS.with_borrow_mut(|realms| realms.push(Rc::clone(shared)));
    Ok(())
}

/// Runs on the environment's thread when there are letters.
unsafe extern "C" fn empty_mailbox(
    env: sys::napi_env,
    _callback: sys::napi_value,
    context: *mut c_void,
    _data: *mut c_void,
) {
    if env.is_null() {
        return;
    }
    // SAFETY: the context that `open_mailbox` gave away, on the same thread.
    let shared = unsafe { &*context.cast_const().cast::<Shared>() };
    let env = Env::from_raw(env);
    let promises = shared.promises();
    for number in promises.due() {
        // The event loop of a thread that was terminated turns once more. Nobody would be told there: what the promises
        // were given, they are to pass on, when the environment ends.
        if shared.look(&env).is_err() {
            return;
        }
        let over = shared.with_caller(&env, |caller| promises.resume(caller, number, None));
        if let Some((key, settled)) = over {
            shared.settle(&env, number, key, settled);
        }
    }
    promises.release_due(&env);
}

/// Runs on the environment's thread when it ends.
unsafe extern "C" fn environment_ends(context: *mut c_void) {
    // SAFETY: as above.
    let shared = unsafe { &*context.cast_const().cast::<Shared>() };
    REALMS.with_borrow_mut(|realms| realms.retain(|realm| !ptr::eq(&**realm, shared)));
    shared.without_environment(|caller| shared.promises().end(caller));
}
