//! The user's shared memory, as Node-API hands it over.

use crate::cell::Cell;
use crate::sync::AtomicU32;
use napi::bindgen_prelude::*;
use napi::sys;
use std::ptr;

/// The one-cell `Int32Array` that a primitive lives in, kept alive with its memory for as long as this is.
pub struct View {
    env: sys::napi_env,
    reference: sys::napi_ref,
    cell: Cell,
    data: *const AtomicU32,
    index: usize,
}

impl View {
    /// Takes hold of the first cell of `view`. That its memory is shared, and so can be neither detached nor moved,
    /// is checked by the caller in JavaScript, where it can be told in every realm and on every runtime.
    pub fn new(env: &Env, view: Unknown) -> Result<Self> {
        Self::of_length(env, view, 1)
    }

    /// As above, of a view of so many cells at least.
    pub fn of_length(env: &Env, view: Unknown, cells: usize) -> Result<Self> {
        let (mut kind, mut length, mut data, mut byte_offset) = (0, 0, ptr::null_mut(), 0);
        // SAFETY: `view` is a value of this environment, and each place is valid or null, as Node-API allows.
        let status = unsafe {
            sys::napi_get_typedarray_info(
                env.raw(),
                view.raw(),
                &mut kind,
                &mut length,
                &mut data,
                ptr::null_mut(),
                &mut byte_offset,
            )
        };
        let address: *const AtomicU32 = data.cast_const().cast();
        if status != sys::Status::napi_ok
            || kind != sys::TypedarrayType::int32_array
            || length < cells
            || address.is_null()
            || !address.is_aligned()
        {
            return Err(Error::new(
                Status::InvalidArg,
                format!("expected an Int32Array of at least {cells} cells"),
            ));
        }
        let mut reference = ptr::null_mut();
        // SAFETY: as above. The reference is strong until it is deleted in `drop`.
        let status =
            unsafe { sys::napi_create_reference(env.raw(), view.raw(), 1, &mut reference) };
        if status != sys::Status::napi_ok {
            return Err(Error::new(status.into(), "cannot keep the view alive"));
        }
        Ok(View {
            env: env.raw(),
            reference,
            // SAFETY: aligned, and mapped for as long as the reference keeps the buffer: shared memory is never
            // detached, and stays where it is when it grows.
            cell: unsafe { Cell::new(address) },
            data: address,
            index: byte_offset / size_of::<u32>(),
        })
    }

    /// The view, as JavaScript sees it.
    pub fn value<'a>(&self, env: &'a Env) -> Result<Unknown<'a>> {
        let mut value = ptr::null_mut();
        // SAFETY: the reference is strong, so that its value is there. It is one of this thread.
        let status = unsafe { sys::napi_get_reference_value(self.env, self.reference, &mut value) };
        if status != sys::Status::napi_ok || value.is_null() {
            return Err(Error::new(status.into(), "the view is gone"));
        }
        // SAFETY: a value within the scope of the native call.
        Ok(unsafe { Unknown::from_raw_unchecked(env.raw(), value) })
    }

    /// The number of the cell in its buffer.
    pub fn index(&self) -> usize {
        self.index
    }

    /// Its first two cells, of a view that was made with two.
    pub fn cells(&self) -> [Cell; 2] {
        // SAFETY: as for the first one, which `of_length` made sure that this follows.
        let second = unsafe { Cell::new(self.data.add(1)) };
        [self.cell, second]
    }

    /// The cell.
    pub fn cell(&self) -> Cell {
        self.cell
    }
}

impl Drop for View {
    fn drop(&mut self) {
        // SAFETY: made by `new`, deleted once, on the thread of its environment: a native object is dropped there.
        unsafe { sys::napi_delete_reference(self.env, self.reference) };
    }
}
