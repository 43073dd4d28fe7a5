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
    index: usize,
}

impl View {
    /// Takes hold of the first cell of `view`. That its memory is shared, and so can be neither detached nor moved,
    /// is checked by the caller in JavaScript, where it can be told in every realm and on every runtime.
    pub fn new(env: &Env, view: Unknown) -> Result<Self> {
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
            || length == 0
            || address.is_null()
            || !address.is_aligned()
        {
            return Err(Error::new(
                Status::InvalidArg,
                "expected an Int32Array of at least one cell",
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
            index: byte_offset / size_of::<u32>(),
        })
    }

    /// The number of the cell in its buffer.
    pub fn index(&self) -> usize {
        self.index
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
