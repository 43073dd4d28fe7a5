//! What the native functions need of the JavaScript realm that calls them, and of the thread on which they run.
//!
//! A thread may have several realms: a test runner gives each test file one. The thread's record is made once. Each
//! realm brings functions of its own, so that errors are instances of the classes that its user imported. A weak
//! reference holds these functions, which is strong only while the realm has pending promises. So a realm that is no
//! longer used is collected, and its number is reused.

use super::arguments::{Arguments, Serial};
use super::current_thread::current_thread;
use super::environment::{self, Environment};
use super::errors::Report;
use super::export::{Export, function};
use super::host::Host;
use super::mailbox::PromiseTarget;
use super::observers;
use super::read_counts;
use super::value::{Env, Failure, Result, Value, check};
use crate::threads::{Interrupt, InterruptSource, Thread};
use napi_sys as sys;
use std::cell::{Cell, RefCell};
use std::ptr;
use std::rc::Rc;
use std::sync::Arc;

thread_local! {
    /// The realms of this thread, by their numbers.
    static REALMS: RefCell<Vec<Rc<Realm>>> = const { RefCell::new(Vec::new()) };
    /// The first promise id that is not assigned to a realm yet.
    static NEXT_SERIAL: Cell<u64> = const { Cell::new(1) };
}

/// The exports for realms.
pub static EXPORTS: &[Export] = &[
    function(c"registerRealm", 3, register_realm),
    function(c"threadTag", 1, thread_tag),
    function(c"newSerials", 0, new_serials),
];

/// How many promise ids a realm receives at once.
const SERIALS: u64 = 1 << 32;

/// The functions of a realm: their indices in the array that JavaScript registers.
#[derive(Clone, Copy)]
enum Hook {
    /// Does nothing: calling it lets the runtime serve its pending interrupts of a blocked thread.
    Poll,
    /// Makes a SyncError of a code, a message and details.
    CreateError,
    /// Fulfils the promise with this id with a value.
    Fulfil,
    /// Rejects the promise with this id, for a code, a message and details.
    Reject,
    /// Exchanges the methods of the classes for those of the observers that are on.
    ObserversChanged,
}

/// The part of the package in one JavaScript realm.
pub struct Realm {
    thread: Arc<Thread>,
    environment: Rc<Environment>,
    /// The promises of the realm, as other threads see them.
    promises: Arc<PromiseTarget>,
    /// The array of functions.
    hooks: sys::napi_ref,
    /// The number of pending promises of the realm.
    pending: Cell<u32>,
    /// The epoch of the observers that JavaScript has seen last.
    observed: Cell<u32>,
    interrupt_source: InterruptSource,
    is_node: bool,
}

fn register_realm(arguments: &mut Arguments) -> Result<Value> {
    let env = arguments.env;
    let thread_id = arguments.index()?;
    let hooks = arguments.any();
    let host = Host::of(arguments.index()?)?;
    let thread = current_thread(env, thread_id)?;
    // Hooks run in the reverse order, so the reads that the thread held are released before the thread is marked
    // dead.
    read_counts::watch(env, thread.id())?;
    let mut reference = ptr::null_mut();
    // SAFETY: a value of this environment. A count of 0 makes the reference weak.
    let status = unsafe { sys::napi_create_reference(env.raw(), hooks, 0, &mut reference) };
    check(status, "hooks must be an array")?;
    let environment = environment::of(env);
    observers::add(environment.mailbox());
    REALMS.with(|realms| {
        let mut realms = realms.borrow_mut();
        let number = realms
            .iter()
            .position(|realm| realm.is_collected())
            .unwrap_or(realms.len());
        let promises = PromiseTarget::new(Arc::clone(environment.mailbox()), Arc::clone(&thread));
        let realm = Rc::new(Realm {
            promises: Arc::new(promises),
            thread,
            environment,
            hooks: reference,
            pending: Cell::new(0),
            observed: Cell::new(0),
            is_node: host.is_node(),
            interrupt_source: host.interrupt_source(env),
        });
        if number == realms.len() {
            realms.push(realm);
        } else {
            realms[number].delete_hooks();
            realms[number] = realm;
        }
        Ok((number as f64).into())
    })
}

fn thread_tag(arguments: &mut Arguments) -> Result<Value> {
    Ok(arguments.realm()?.thread.id().get().into())
}

fn new_serials(_: &mut Arguments) -> Result<Value> {
    let first = NEXT_SERIAL.get();
    NEXT_SERIAL.set(first + SERIALS);
    // Exact: a thread would have to take 2^21 times 2^32 ids first.
    Ok((first as f64).into())
}

/// The realm of this thread that has this number.
pub fn of(number: u32) -> Result<Rc<Realm>> {
    REALMS
        .with(|realms| realms.borrow().get(number as usize).cloned())
        .ok_or_else(|| Failure::invalid("no realm has this number"))
}

/// Lets the realms of an environment exchange the methods of their classes.
pub fn catch_up(env: Env, environment: &Environment) {
    let is_behind = |realm: &&Rc<Realm>| {
        std::ptr::eq(Rc::as_ptr(&realm.environment), environment) && realm.is_behind()
    };
    // Their JavaScript may load the package again.
    let behind: Vec<_> =
        REALMS.with_borrow(|realms| realms.iter().filter(is_behind).cloned().collect());
    for realm in behind {
        realm.catch_up(env);
    }
}

impl Realm {
    /// The calling thread.
    pub fn thread(&self) -> &Arc<Thread> {
        &self.thread
    }

    /// The environment that the realm loaded the addon in.
    pub fn environment(&self) -> &Rc<Environment> {
        &self.environment
    }

    /// The realm's promises, as other threads see them.
    pub fn promises(&self) -> &Arc<PromiseTarget> {
        &self.promises
    }

    /// How the runtime interrupts a blocked thread.
    pub fn interrupt_source(&self) -> InterruptSource {
        self.interrupt_source
    }

    /// Calls the function that does nothing. Fails if the thread is being terminated.
    fn poll(&self, env: Env) -> Result<()> {
        self.call(env, Hook::Poll, []).map(drop)
    }

    /// Whether the thread, which is not blocked, is being terminated.
    pub fn is_terminating(&self, env: Env) -> bool {
        if self.is_node {
            // To enter JavaScript costs a thread that was just woken a microsecond or more: its code is in no cache.
            env.may_call().is_err()
        } else {
            self.poll(env).is_err()
        }
    }

    /// Serves the pending interrupts of the runtime.
    pub fn check_interrupts(&self, env: Env) -> Interrupt {
        let mut scope = ptr::null_mut();
        // SAFETY: the scope is opened and closed here, around the values that it holds. Without a scope, a long wait
        // would collect a handle with each check. Both calls work while an exception is pending.
        unsafe { sys::napi_open_handle_scope(env.raw(), &mut scope) };
        let polled = self.poll(env);
        // SAFETY: as above.
        unsafe { sys::napi_close_handle_scope(env.raw(), scope) };
        match polled {
            Ok(()) => Interrupt::Continue,
            Err(_) => Interrupt::Stop,
        }
    }

    /// Fulfils a promise.
    pub fn fulfil(&self, env: Env, serial: Serial, value: f64) {
        // The JavaScript function does not throw. If it cannot be called, no JavaScript is left that could use the
        // result.
        self.call(env, Hook::Fulfil, [(serial as f64).into(), value.into()])
            .ok();
    }

    /// Rejects a promise.
    pub fn reject(&self, env: Env, serial: Serial, report: Report) {
        let code = report.code.to_owned().into();
        let arguments = [
            (serial as f64).into(),
            code,
            report.message.into(),
            report.details,
        ];
        // As above.
        self.call(env, Hook::Reject, arguments).ok();
    }

    /// Throws the realm's SyncError. Does nothing if that cannot be made: then another exception is pending, or the
    /// thread is being terminated.
    pub fn throw(&self, env: Env, report: Report) {
        let code = report.code.to_owned().into();
        let arguments = [code, report.message.into(), report.details];
        if let Ok(error) = self.call(env, Hook::CreateError, arguments) {
            // SAFETY: a value of this environment, within the scope of the native call.
            unsafe { sys::napi_throw(env.raw(), error) };
        }
    }

    /// Lets JavaScript exchange the methods of the classes if an observer was switched on since the last call.
    pub fn catch_up(&self, env: Env) {
        if self.is_behind() {
            self.observed.set(observers::epoch());
            self.observers_changed(env);
        }
    }

    fn is_behind(&self) -> bool {
        self.observed.get() != observers::epoch()
    }

    #[cold]
    fn observers_changed(&self, env: Env) {
        if self.call(env, Hook::ObserversChanged, []).is_err() {
            let mut exception = ptr::null_mut();
            // An observer that cannot be loaded must not fail the call of the user.
            // SAFETY: the environment is alive. If nothing is pending, the call returns undefined.
            unsafe { sys::napi_get_and_clear_last_exception(env.raw(), &mut exception) };
        }
    }

    fn call<const N: usize>(
        &self,
        env: Env,
        hook: Hook,
        arguments: [Value; N],
    ) -> Result<sys::napi_value> {
        let mut values = [ptr::null_mut(); N];
        for (value, argument) in values.iter_mut().zip(arguments) {
            *value = env.make(argument)?;
        }
        let mut function = ptr::null_mut();
        // SAFETY: values of this thread's isolate, within the scope of a native call. The array exists: either
        // JavaScript of the realm runs, or a pending promise of the realm makes the reference strong.
        let status =
            unsafe { sys::napi_get_element(env.raw(), self.hooks(), hook as u32, &mut function) };
        check(status, "cannot find a function of the realm")?;
        env.call(env.make(Value::Undefined)?, function, &values)
    }

    /// The array of functions, or null if it was collected.
    fn hooks(&self) -> sys::napi_value {
        let mut hooks = ptr::null_mut();
        // SAFETY: a reference of this environment, which is alive.
        unsafe { sys::napi_get_reference_value(self.environment.raw(), self.hooks, &mut hooks) };
        hooks
    }

    fn is_collected(&self) -> bool {
        let mut scope = ptr::null_mut();
        let env = self.environment.raw();
        // SAFETY: the scope is opened and closed around the value that it holds.
        unsafe {
            sys::napi_open_handle_scope(env, &mut scope);
            let collected = self.hooks().is_null();
            sys::napi_close_handle_scope(env, scope);
            collected
        }
    }

    fn delete_hooks(&self) {
        // SAFETY: the reference was made when the realm was registered. The realm is replaced now, so it is deleted
        // once.
        unsafe { sys::napi_delete_reference(self.environment.raw(), self.hooks) };
    }

    /// A promise of the realm begins to wait: keeps the functions of the realm.
    pub fn begin_pending(&self) {
        let pending = self.pending.get();
        self.pending.set(pending + 1);
        self.environment.begin_pending();
        if pending == 0 {
            // SAFETY: a reference of this environment, which is alive.
            unsafe { sys::napi_reference_ref(self.environment.raw(), self.hooks, ptr::null_mut()) };
        }
    }

    /// A promise of the realm no longer waits.
    pub fn end_pending(&self) {
        let pending = self.pending.get() - 1;
        self.pending.set(pending);
        self.environment.end_pending();
        if pending == 0 {
            // SAFETY: as above.
            unsafe {
                sys::napi_reference_unref(self.environment.raw(), self.hooks, ptr::null_mut())
            };
        }
    }
}
