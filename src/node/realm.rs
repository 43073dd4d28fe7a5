//! What the native functions need from the JavaScript realm that calls them, and from the thread on which they run.
//!
//! A thread may have several realms: a test runner gives each test file one. The thread's record is made once. Each
//! realm brings functions of its own, so that errors are instances of the classes that its user imported. A weak
//! reference holds these functions, which is strong only while the realm has pending promises. So a realm that is no
//! longer used is collected, and its number is reused.

use super::current_thread::current_thread;
use super::environment::{self, Environment};
use super::errors::{Details, Report};
use super::host::Host;
use super::mailbox::PromiseTarget;
use super::read_counts;
use crate::threads::{InterruptSource, Thread};
use napi::bindgen_prelude::*;
use napi::{JsValue, sys};
use napi_derive::napi;
use std::cell::{Cell, RefCell};
use std::ptr;
use std::rc::Rc;
use std::sync::Arc;

thread_local! {
    /// The realms of this thread, by their numbers.
    static REALMS: RefCell<Vec<Rc<Realm>>> = const { RefCell::new(Vec::new()) };
    /// The first promise id that is not assigned to a realm yet.
    static NEXT_NUMBERS: Cell<u64> = const { Cell::new(1) };
}

/// How many promise ids a realm receives at once.
const NUMBERS: u64 = 1 << 32;

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
    interrupt_source: InterruptSource,
}

/// Registers a realm of the calling thread, and returns its number. `threadId` is the worker's, 0 in the main thread. `hooks`
/// is an array of functions that the realm keeps alive itself: one that does nothing, `createError(code, message, details)`,
/// `fulfil(number, value)` and `reject(number, code, message, details)`. `host` says what the runtime can do.
#[napi]
pub fn register_realm(
    env: Env,
    thread_id: u32,
    #[napi(ts_arg_type = "readonly unknown[]")] hooks: Unknown,
    host: Host,
) -> Result<u32> {
    let thread = current_thread(&env, thread_id)?;
    // Hooks run in the reverse order, so the reads that the thread held are released before the thread is marked
    // dead.
    read_counts::watch(&env, thread.id())?;
    let mut reference = ptr::null_mut();
    // SAFETY: a value of this environment. A count of 0 makes the reference weak.
    let status = unsafe { sys::napi_create_reference(env.raw(), hooks.raw(), 0, &mut reference) };
    if status != sys::Status::napi_ok {
        return Err(Error::new(status.into(), "hooks must be an array"));
    }
    let environment = environment::of(&env);
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
            interrupt_source: host.interrupt_source(&env),
        });
        if number == realms.len() {
            realms.push(realm);
        } else {
            realms[number].delete_hooks();
            realms[number] = realm;
        }
        Ok(number as u32)
    })
}

/// The id of the calling thread in the words of the primitives.
#[napi]
pub fn thread_number(realm: Realmed) -> u32 {
    realm.thread.id().get()
}

/// The first of 2^32 promise ids that no other realm of the thread receives.
#[napi]
pub fn promise_numbers() -> f64 {
    let first = NEXT_NUMBERS.get();
    NEXT_NUMBERS.set(first + NUMBERS);
    // Exact: a thread would have to take 2^21 times 2^32 ids first.
    first as f64
}

/// A realm as an argument: its number.
pub struct Realmed(Rc<Realm>);

impl std::ops::Deref for Realmed {
    type Target = Rc<Realm>;

    fn deref(&self) -> &Rc<Realm> {
        &self.0
    }
}

impl FromNapiValue for Realmed {
    // Not inlined: otherwise every native function would contain a copy.
    #[inline(never)]
    unsafe fn from_napi_value(env: sys::napi_env, value: sys::napi_value) -> Result<Self> {
        // SAFETY: passed on.
        let number = unsafe { u32::from_napi_value(env, value)? };
        REALMS
            .with(|realms| realms.borrow().get(number as usize).cloned())
            .map(Realmed)
            .ok_or_else(|| Error::new(Status::InvalidArg, "no realm has this number"))
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
    pub fn poll(&self, env: &Env) -> Result<()> {
        self.call(env, Hook::Poll, &[]).map(drop)
    }

    /// Fulfils a promise.
    pub fn fulfil(&self, env: &Env, number: u64, value: f64) {
        let arguments = FnArgs::from((number as f64, value)).into_vec(env.raw());
        // The JavaScript function does not throw. If it cannot be called, no JavaScript is left that could use the
        // result.
        arguments
            .and_then(|arguments| self.call(env, Hook::Fulfil, &arguments))
            .ok();
    }

    /// Rejects a promise.
    pub fn reject(&self, env: &Env, number: u64, report: Report) {
        let arguments = FnArgs::from((
            number as f64,
            report.code.to_owned(),
            report.message,
            report.details,
        ))
        .into_vec(env.raw());
        // As above.
        arguments
            .and_then(|arguments| self.call(env, Hook::Reject, &arguments))
            .ok();
    }

    /// Throws the realm's SyncError for a report. Without a report the runtime has an exception of its own pending. In
    /// both cases the returned error tells napi to keep the pending exception.
    pub fn throw(&self, env: &Env, report: Option<Report>) -> Error {
        if let Some(report) = report
            && let Ok(error) = self.create_error(env, report)
        {
            // SAFETY: a value of this environment, within the scope of the native call.
            unsafe { sys::napi_throw(env.raw(), error) };
        }
        Error::new(Status::PendingException, String::new())
    }

    fn create_error(&self, env: &Env, report: Report) -> Result<sys::napi_value> {
        let arguments: FnArgs<(String, String, Details)> =
            FnArgs::from((report.code.to_owned(), report.message, report.details));
        self.call(env, Hook::CreateError, &arguments.into_vec(env.raw())?)
    }

    fn call(
        &self,
        env: &Env,
        hook: Hook,
        arguments: &[sys::napi_value],
    ) -> Result<sys::napi_value> {
        let mut function = ptr::null_mut();
        // SAFETY: values of this thread's isolate, within the scope of a native call. The array exists: either
        // JavaScript of the realm runs, or a pending promise of the realm makes the reference strong.
        let status =
            unsafe { sys::napi_get_element(env.raw(), self.hooks(), hook as u32, &mut function) };
        if status != sys::Status::napi_ok {
            return Err(Error::new(status.into(), String::new()));
        }
        let (mut receiver, mut result) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: as above. An exception of the function stays pending.
        let status = unsafe {
            sys::napi_get_undefined(env.raw(), &mut receiver);
            sys::napi_call_function(
                env.raw(),
                receiver,
                function,
                arguments.len(),
                arguments.as_ptr(),
                &mut result,
            )
        };
        if status == sys::Status::napi_ok {
            Ok(result)
        } else {
            Err(Error::new(status.into(), String::new()))
        }
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
