//! The user's shared memory, as JavaScript passes it.

use super::value::{Env, Failure, Result, check};
use crate::cell::SharedWord;
use crate::sync::AtomicU32;
use napi_sys as sys;
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
    /// Reads the address of the first cell of a view. JavaScript's constructor has checked that the memory is shared,
    /// which it can do in every realm and on every runtime. So the memory can be neither detached nor moved.
    #[inline]
    pub fn new(env: Env, value: sys::napi_value) -> Result<Self> {
        let (mut kind, mut length, mut data, mut byte_offset) = (0, 0, ptr::null_mut(), 0);
        // SAFETY: `value` is a value of this environment, and each place is valid or null, as Node-API allows.
        let status = unsafe {
            sys::napi_get_typedarray_info(
                env.raw(),
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
            return Err(Failure::invalid(
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

    /// The cell.
    pub fn cell(self) -> SharedWord {
        self.cell
    }

    /// The index of the cell in its buffer.
    pub fn index(self) -> usize {
        self.index
    }

    /// Keeps the memory beyond the call.
    pub fn keep(self, env: Env) -> Result<KeptView> {
        let (env, mut reference) = (env.raw(), ptr::null_mut());
        // SAFETY: a value of this environment. The reference is strong until it is deleted in `drop`.
        let status = unsafe { sys::napi_create_reference(env, self.value, 1, &mut reference) };
        check(status, "cannot keep the view alive")?;
        Ok(KeptView { env, reference })
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
