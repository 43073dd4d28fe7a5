//! How a wait ended, as JavaScript receives it: the one place that says so.

use super::export::Export;
use super::value::{Env, Value};
use crate::primitives::{Began, Fault, Notified, Recovered, in_time};
use napi_sys as sys;
use std::ptr;

/// How a wait ended, or that it has not. Each variant is a constant in JavaScript, below.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitStatus {
    /// The runtime ended the wait, because the thread is being terminated. The caller has acquired nothing.
    Interrupted = -1,
    /// A promise waits.
    Pending = 0,
    /// The caller has acquired what it waited for.
    Acquired = 1,
    /// The caller has acquired the lock, and took it over from an owner that died.
    Recovered = 2,
    /// The time limit passed first.
    TimedOut = 3,
    /// The caller was notified.
    Notified = 4,
    /// The function of a Once has run: the caller does not run it.
    Done = 5,
    /// The caller was notified, and it is its turn to compete for the mutex.
    Turn = 6,
    /// The same, and others wait behind.
    TurnOfMany = 7,
}

/// The constants of JavaScript.
pub static EXPORTS: &[Export] = &[
    Export::Constant(c"INTERRUPTED", WaitStatus::Interrupted.number()),
    Export::Constant(c"PENDING", WaitStatus::Pending.number()),
    Export::Constant(c"ACQUIRED", WaitStatus::Acquired.number()),
    Export::Constant(c"RECOVERED", WaitStatus::Recovered.number()),
    Export::Constant(c"TIMED_OUT", WaitStatus::TimedOut.number()),
    Export::Constant(c"NOTIFIED", WaitStatus::Notified.number()),
    Export::Constant(c"DONE", WaitStatus::Done.number()),
    Export::Constant(c"TURN", WaitStatus::Turn.number()),
    Export::Constant(c"TURN_OF_MANY", WaitStatus::TurnOfMany.number()),
];

impl WaitStatus {
    /// The number in JavaScript.
    pub const fn number(self) -> f64 {
        self as i8 as f64
    }

    /// The status of a wait for which a time limit that passes is no fault.
    pub fn of<T: Into<WaitStatus>>(result: Result<T, Fault>) -> Result<Self, Fault> {
        Ok(in_time(result)?.map_or(WaitStatus::TimedOut, T::into))
    }
}

impl From<()> for WaitStatus {
    fn from((): ()) -> Self {
        WaitStatus::Acquired
    }
}

impl From<Recovered> for WaitStatus {
    fn from(recovered: Recovered) -> Self {
        match recovered {
            Recovered::Cleared => WaitStatus::Recovered,
            Recovered::Acquired => WaitStatus::Acquired,
        }
    }
}

impl From<Began> for WaitStatus {
    fn from(began: Began) -> Self {
        match began {
            Began::Runner => WaitStatus::Acquired,
            Began::Done => WaitStatus::Done,
        }
    }
}

impl From<Notified> for WaitStatus {
    fn from(notified: Notified) -> Self {
        match notified {
            Notified::Locked => WaitStatus::Notified,
            Notified::Turn { more: false } => WaitStatus::Turn,
            Notified::Turn { more: true } => WaitStatus::TurnOfMany,
        }
    }
}

impl From<WaitStatus> for Value {
    fn from(status: WaitStatus) -> Self {
        Value::Number(status.number())
    }
}

/// The result of a call after which an exception is pending, or whose thread is being terminated. An exception is
/// thrown. A termination is reported by the status: Node-API would drop the result of a call that leaves it pending.
#[cold]
pub fn interrupted(env: Env) -> sys::napi_value {
    let (mut exception, mut kind) = (ptr::null_mut(), sys::ValueType::napi_undefined);
    // SAFETY: values of this environment, within the scope of the native call.
    unsafe {
        sys::napi_get_and_clear_last_exception(env.raw(), &mut exception);
        sys::napi_typeof(env.raw(), exception, &mut kind);
        // The exception of a termination is null, and it is undefined if there is none.
        if kind != sys::ValueType::napi_null && kind != sys::ValueType::napi_undefined {
            sys::napi_throw(env.raw(), exception);
        }
    }
    env.make(WaitStatus::Interrupted.into())
        .unwrap_or(ptr::null_mut())
}
