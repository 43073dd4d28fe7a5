//! Numbers as arguments. Each conversion is compiled once. If they were inlined into every native function, the
//! conversions and the texts of their errors would make up a good part of the addon.

use crate::futex::Deadline;
use napi::bindgen_prelude::*;
use napi::sys;

/// A time limit in milliseconds: infinity for none.
#[derive(Clone, Copy)]
pub struct Milliseconds(pub f64);

impl Milliseconds {
    /// When the limit passes. None for infinity.
    pub fn deadline(self) -> Option<Deadline> {
        Deadline::after_milliseconds(self.0)
    }
}

/// The id of a promise or of a Barrier's action. 0 for none.
#[derive(Clone, Copy)]
pub struct Serial(pub u64);

/// A number of parties, counts, permits or the like.
#[derive(Clone, Copy)]
pub struct Count(pub u32);

impl FromNapiValue for Milliseconds {
    unsafe fn from_napi_value(env: sys::napi_env, value: sys::napi_value) -> Result<Self> {
        read(env, value).map(Milliseconds)
    }
}

impl FromNapiValue for Serial {
    unsafe fn from_napi_value(env: sys::napi_env, value: sys::napi_value) -> Result<Self> {
        // Exact: JavaScript counts no further than 2^53.
        read(env, value).map(|number| Serial(number as u64))
    }
}

impl FromNapiValue for Count {
    unsafe fn from_napi_value(env: sys::napi_env, value: sys::napi_value) -> Result<Self> {
        // `as` saturates: the callers check the range, and for the number of waiters to notify infinity means all.
        read(env, value).map(|number| Count(number as u32))
    }
}

#[inline(never)]
fn read(env: sys::napi_env, value: sys::napi_value) -> Result<f64> {
    let mut number = 0.0;
    // SAFETY: a value of this environment, within the scope of a native call.
    let status = unsafe { sys::napi_get_value_double(env, value, &mut number) };
    if status == sys::Status::napi_ok {
        Ok(number)
    } else {
        Err(Error::new(status.into(), "expected a number"))
    }
}
