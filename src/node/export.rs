//! What the addon exports: constants, and native functions that one trampoline calls.

use super::arguments::Arguments;
use super::status;
use super::value::{Env, Failure, Result, Value};
use napi_sys as sys;
use std::ffi::{CStr, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

/// One export. `binding.d.ts` declares and documents it under its name.
pub enum Export {
    /// A number.
    Constant(&'static CStr, f64),
    /// A function.
    Function(Function),
}

/// A native function.
pub struct Function {
    /// Its name in JavaScript.
    pub name: &'static CStr,
    /// The number of its arguments.
    pub arity: usize,
    run: fn(&mut Arguments) -> Result<Value>,
}

/// A constant with this name.
pub const fn constant(name: &'static CStr, value: u32) -> Export {
    Export::Constant(name, value as f64)
}

/// A function with this name and number of arguments.
pub const fn function(
    name: &'static CStr,
    arity: usize,
    run: fn(&mut Arguments) -> Result<Value>,
) -> Export {
    assert!(arity <= Arguments::MOST);
    Export::Function(Function { name, arity, run })
}

/// Adds the exports to `exports`.
pub fn add(env: Env, exports: sys::napi_value, all: &'static [Export]) -> Result<()> {
    for export in all {
        let (name, value) = match export {
            Export::Constant(name, value) => (*name, env.make(Value::Number(*value))?),
            Export::Function(function) => {
                let data = ptr::from_ref(function).cast_mut().cast::<c_void>();
                // SAFETY: the trampoline takes a function of the table, which lives as long as the process.
                let value = unsafe { env.function(function.name, Some(trampoline), data)? };
                (function.name, value)
            }
        };
        env.set(exports, name, value)?;
    }
    Ok(())
}

/// What Node-API calls for each native function. Its data is the [`Function`].
unsafe extern "C" fn trampoline(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    // SAFETY: Node-API passes the environment of the calling thread, which is alive during the call.
    let env = unsafe { Env::new(env) };
    let mut arguments = Arguments::new(env);
    let call = || {
        // SAFETY: the call's own information, and `add` passed a `Function` as data.
        let function = unsafe { arguments.take(info)? };
        env.make((function.run)(&mut arguments)?)
    };
    // No state is shared with the closure but the process's, which the operations keep consistent themselves.
    let result = catch_unwind(AssertUnwindSafe(call))
        .unwrap_or_else(|panic| Err(Failure::of_panic(&*panic)));
    match result {
        Ok(value) => value,
        Err(failure) => fail(env, failure),
    }
}

/// Throws, or returns the status of an interrupted call. The result is what the native call returns.
#[cold]
pub fn fail(env: Env, failure: Failure) -> sys::napi_value {
    match failure {
        Failure::Interrupted => status::interrupted(env),
        Failure::Error(error) => {
            env.throw(&error);
            ptr::null_mut()
        }
    }
}
