//! The arguments of a native function. Whatever JavaScript passes, each is checked before it is used.

use super::export::Function;
use super::realm::{self, Realm};
use super::value::{Env, Failure, Result, check};
use super::view::CellView;
use crate::cell::SharedWord;
use crate::futex::Deadline;
use crate::threads;
use napi_sys as sys;
use std::ptr;
use std::rc::Rc;
use std::sync::Arc;

/// The arguments of a call, which are read from the first to the last.
pub struct Arguments {
    /// The environment of the call.
    pub env: Env,
    values: [sys::napi_value; Arguments::MOST],
    next: usize,
}

/// The name that the user gave to a primitive: a string, or undefined. It is read only when it is needed.
#[derive(Clone, Copy)]
pub struct Name(sys::napi_value);

/// How long a call waits at most, and what may end it before.
pub struct Limit {
    /// In milliseconds: infinity for no limit.
    milliseconds: f64,
    /// Whether a limit that passes is a fault.
    pub is_fault: bool,
    /// The cells of the cancels. Their memory is kept for the length of the call.
    pub cancels: Vec<SharedWord>,
}

/// The id of a promise or of a Barrier's action. 0 for none.
pub type Serial = u64;

impl Arguments {
    /// The most arguments that a native function has.
    pub const MOST: usize = 12;

    /// No arguments yet.
    pub fn new(env: Env) -> Self {
        Arguments {
            env,
            values: [ptr::null_mut(); Self::MOST],
            next: 0,
        }
    }

    /// Takes the arguments of the call, and returns the called function.
    ///
    /// # Safety
    /// `info` belongs to the running call, and the data of the called function is a [`Function`].
    pub unsafe fn take(&mut self, info: sys::napi_callback_info) -> Result<&'static Function> {
        let (mut count, mut data) = (Self::MOST, ptr::null_mut());
        // SAFETY: the information of the running call, and room for as many arguments as `count` says. The places of
        // missing arguments become undefined.
        let status = unsafe {
            sys::napi_get_cb_info(
                self.env.raw(),
                info,
                &mut count,
                self.values.as_mut_ptr(),
                ptr::null_mut(),
                &mut data,
            )
        };
        check(status, "cannot read the arguments")?;
        // SAFETY: as demanded above.
        let function = unsafe { &*data.cast_const().cast::<Function>() };
        if count == function.arity {
            Ok(function)
        } else {
            Err(wrong_count(function, count))
        }
    }

    fn next(&mut self) -> sys::napi_value {
        let value = self.values[self.next];
        self.next += 1;
        value
    }

    /// A value of any kind.
    pub fn any(&mut self) -> sys::napi_value {
        self.next()
    }

    /// The realm that calls: its number.
    pub fn realm(&mut self) -> Result<Rc<Realm>> {
        realm::of(self.index()?)
    }

    /// The cell of a primitive: a view of it.
    pub fn cell(&mut self) -> Result<CellView> {
        CellView::new(self.env, self.next())
    }

    /// The name of a primitive.
    pub fn name(&mut self) -> Name {
        Name(self.next())
    }

    /// A limit: a number of milliseconds, or an array of that, whether it is a fault when they pass, and the cells of
    /// cancels.
    pub fn limit(&mut self) -> Result<Limit> {
        let (value, mut milliseconds) = (self.next(), 0.0);
        // SAFETY: a value of this environment, within the scope of the native call.
        match unsafe { sys::napi_get_value_double(self.env.raw(), value, &mut milliseconds) } {
            sys::Status::napi_ok => Ok(Limit {
                milliseconds,
                is_fault: false,
                cancels: Vec::new(),
            }),
            _ => self.limit_with_cancels(value),
        }
    }

    // Not inlined: few calls need it, and many functions read a limit.
    #[inline(never)]
    fn limit_with_cancels(&self, array: sys::napi_value) -> Result<Limit> {
        let env = self.env;
        let length = match length(env, array) {
            Ok(length) if length >= 2 => length,
            _ => return Err(Failure::error("NumberExpected", "expected a limit")),
        };
        let cancel = |index| Ok(CellView::new(env, element(env, array, index)?)?.cell());
        Ok(Limit {
            milliseconds: number(env, element(env, array, 0)?)?,
            is_fault: boolean(env, element(env, array, 1)?)?,
            cancels: (2..length).map(cancel).collect::<Result<_>>()?,
        })
    }

    /// An array of arrays, whose elements are read as arguments are.
    pub fn lists(&mut self) -> Result<Vec<Arguments>> {
        let env = self.env;
        let list = |array| {
            let elements = elements(env, array)?;
            let mut list = Arguments::new(env);
            let places = list.values.get_mut(..elements.len());
            places
                .ok_or_else(|| Failure::invalid("the list is too long"))?
                .copy_from_slice(&elements);
            Ok(list)
        };
        elements(env, self.next())?.into_iter().map(list).collect()
    }

    /// An id. It is exact: JavaScript counts no further than 2^53.
    pub fn serial(&mut self) -> Result<Serial> {
        self.number().map(|number| number as u64)
    }

    /// A number of parties, counts, permits or the like. It saturates: the callers check the range, and for the number
    /// of waiters to notify infinity means all.
    pub fn count(&mut self) -> Result<u32> {
        self.number().map(|number| number as u32)
    }

    /// An unsigned 32-bit integer. It wraps, as JavaScript's bitwise operators do.
    pub fn index(&mut self) -> Result<u32> {
        let mut index = 0;
        // SAFETY: a value of this environment, within the scope of the native call.
        match unsafe { sys::napi_get_value_uint32(self.env.raw(), self.next(), &mut index) } {
            sys::Status::napi_ok => Ok(index),
            _ => Err(Failure::error("NumberExpected", "expected a number")),
        }
    }

    /// A number.
    pub fn number(&mut self) -> Result<f64> {
        number(self.env, self.next())
    }

    /// A string.
    pub fn text(&mut self) -> Result<String> {
        let text = self.env.read_text(self.values[self.next]);
        self.next += 1;
        text.ok_or_else(|| Failure::error("StringExpected", "expected a string"))
    }

    /// A boolean.
    pub fn boolean(&mut self) -> Result<bool> {
        boolean(self.env, self.next())
    }
}

#[inline]
fn number(env: Env, value: sys::napi_value) -> Result<f64> {
    let mut number = 0.0;
    // SAFETY: a value of this environment, within the scope of the native call.
    match unsafe { sys::napi_get_value_double(env.raw(), value, &mut number) } {
        sys::Status::napi_ok => Ok(number),
        _ => Err(Failure::error("NumberExpected", "expected a number")),
    }
}

#[inline]
fn boolean(env: Env, value: sys::napi_value) -> Result<bool> {
    let mut boolean = false;
    // SAFETY: a value of this environment, within the scope of the native call.
    match unsafe { sys::napi_get_value_bool(env.raw(), value, &mut boolean) } {
        sys::Status::napi_ok => Ok(boolean),
        _ => Err(Failure::error("BooleanExpected", "expected a boolean")),
    }
}

/// The elements of an array that belongs to the package, so that no code of the user runs.
fn elements(env: Env, array: sys::napi_value) -> Result<Vec<sys::napi_value>> {
    (0..length(env, array)?)
        .map(|index| element(env, array, index))
        .collect()
}

#[inline]
fn length(env: Env, array: sys::napi_value) -> Result<u32> {
    let mut length = 0;
    // SAFETY: a value of this environment, within the scope of the native call.
    match unsafe { sys::napi_get_array_length(env.raw(), array, &mut length) } {
        sys::Status::napi_ok => Ok(length),
        _ => Err(Failure::invalid("expected an array")),
    }
}

#[inline]
fn element(env: Env, array: sys::napi_value, index: u32) -> Result<sys::napi_value> {
    let mut value = ptr::null_mut();
    // SAFETY: a value of this environment, within the scope of the native call.
    let status = unsafe { sys::napi_get_element(env.raw(), array, index, &mut value) };
    check(status, "cannot read an array").map(|()| value)
}

#[cold]
fn wrong_count(function: &Function, count: usize) -> Failure {
    let (name, arity) = (function.name.to_string_lossy(), function.arity);
    Failure::invalid(&format!("{name} takes {arity} arguments, but has {count}"))
}

impl Name {
    /// The name. None for anything but a string.
    pub fn read(self, env: Env) -> Option<Arc<str>> {
        env.read_text(self.0).map(Arc::from)
    }
}

impl Limit {
    /// When the limit passes. None for infinity.
    #[inline]
    pub fn deadline(&self) -> Option<Deadline> {
        // Without a limit the clock need not be read.
        if self.milliseconds == f64::INFINITY {
            return None;
        }
        threads::now().plus_milliseconds(self.milliseconds)
    }

    /// Whether the call may wait at all.
    pub fn waits(&self) -> bool {
        self.milliseconds > 0.0
    }
}
