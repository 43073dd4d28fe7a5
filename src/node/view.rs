//! The user's shared memory, as JavaScript passes it.

use crate::cell::SharedWord;
use crate::sync::AtomicU32;
use napi::bindgen_prelude::*;
use napi::sys;
use std::ptr;

/// The one-cell `Int32Array` in which a primitive lives. As an argument it keeps its memory for the length of the
/// call, even while the blocked thread checks for interrupts.
#[derive(Clone, Copy)]
pub struct CellView {
    cell: SharedWord,
    index: usize,
    value: sys::napi_value,
}

impl CellView {
    /// The cell.
    pub fn cell(self) -> SharedWord {
        self.cell
    }

    /// The index of the cell in its buffer.
    pub fn index(self) -> usize {
        self.index
    }

    /// Keeps the memory beyond the call.
    pub fn keep(self, env: &Env) -> Result<KeptView> {
        let mut reference = ptr::null_mut();
        // SAFETY: a value of this environment. The reference is strong until it is deleted in `drop`.
        let status =
            unsafe { sys::napi_create_reference(env.raw(), self.value, 1, &mut reference) };
        if status != sys::Status::napi_ok {
            return Err(Error::new(status.into(), "cannot keep the view alive"));
        }
        Ok(KeptView {
            env: env.raw(),
            reference,
        })
    }
}

impl FromNapiValue for CellView {
    /// Reads the address of the first cell. JavaScript's constructor has checked that the memory is shared, which it
    /// can do in every realm and on every runtime. So the memory can be neither detached nor moved.
    // Not inlined: otherwise every native function would contain a copy.
    #[inline(never)]
    unsafe fn from_napi_value(env: sys::napi_env, value: sys::napi_value) -> Result<Self> {
        let (mut kind, mut length, mut data, mut byte_offset) = (0, 0, ptr::null_mut(), 0);
        // SAFETY: `value` is a value of this environment, and each place is valid or null, as Node-API allows.
        let status = unsafe {
            sys::napi_get_typedarray_info(
                env,
                value,
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
        Ok(CellView {
            // SAFETY: aligned, and mapped as long as the caller or an entry of JavaScript keeps the view. Shared
            // memory is never detached, and does not move when it grows.
            cell: unsafe { SharedWord::new(address) },
            index: byte_offset / size_of::<u32>(),
            value,
        })
    }
}

/// Memory that is kept until this is dropped. Drop it on the thread of its environment, before the environment ends.
pub struct KeptView {
    env: sys::napi_env,
    reference: sys::napi_ref,
}

impl Drop for KeptView {
    fn drop(&mut self) {
        // SAFETY: made by `keep`, and deleted once.
        unsafe { sys::napi_delete_reference(self.env, self.reference) };
    }
}
