//! A bare thread-safe function of Node-API, as an addon: `create(callback)` in the main thread, then `call()` in any thread of the
//! process. The few functions that it needs are declared here, so that it needs no crate.
//!
//! On Linux only: other systems do not link a library whose symbols the process brings.

#![cfg(target_os = "linux")]

use std::ffi::{CStr, c_char, c_void};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, Ordering::*};

type Env = *mut c_void;
type Value = *mut c_void;
type CallbackInfo = *mut c_void;
type ThreadSafeFunction = *mut c_void;
type Callback = unsafe extern "C" fn(Env, CallbackInfo) -> Value;

const OK: i32 = 0;
const NONBLOCKING: i32 = 0;
const UNLIMITED_QUEUE: usize = 0;
const ONE_THREAD: usize = 1;

unsafe extern "C" {
    fn napi_create_string_utf8(env: Env, text: *const c_char, len: usize, to: *mut Value) -> i32;
    fn napi_create_function(
        env: Env,
        name: *const c_char,
        len: usize,
        callback: Callback,
        data: *mut c_void,
        result: *mut Value,
    ) -> i32;
    fn napi_set_named_property(env: Env, object: Value, name: *const c_char, value: Value) -> i32;
    fn napi_get_cb_info(
        env: Env,
        info: CallbackInfo,
        count: *mut usize,
        arguments: *mut Value,
        this: *mut Value,
        data: *mut *mut c_void,
    ) -> i32;
    fn napi_create_threadsafe_function(
        env: Env,
        function: Value,
        async_resource: Value,
        async_resource_name: Value,
        max_queue_size: usize,
        initial_thread_count: usize,
        finalize_data: *mut c_void,
        finalize: *mut c_void,
        context: *mut c_void,
        call_js: *mut c_void,
        result: *mut ThreadSafeFunction,
    ) -> i32;
    fn napi_call_threadsafe_function(
        function: ThreadSafeFunction,
        data: *mut c_void,
        mode: i32,
    ) -> i32;
}

/// The one of the process. Written by `create()` with Release, read by `call()` with Acquire.
static FUNCTION: AtomicPtr<c_void> = AtomicPtr::new(null_mut());

unsafe extern "C" fn create(env: Env, info: CallbackInfo) -> Value {
    let (mut callback, mut name, mut function) = (null_mut(), null_mut(), null_mut());
    let mut count = 1;
    let text = c"bench";
    // SAFETY: Node-API passes a live environment and the info of this call; the pointers to results are to locals. Without a
    // `call_js` Node.js calls the callback without arguments.
    let statuses = unsafe {
        [
            napi_get_cb_info(env, info, &mut count, &mut callback, null_mut(), null_mut()),
            napi_create_string_utf8(env, text.as_ptr(), text.count_bytes(), &mut name),
            napi_create_threadsafe_function(
                env,
                callback,
                null_mut(),
                name,
                UNLIMITED_QUEUE,
                ONE_THREAD,
                null_mut(),
                null_mut(),
                null_mut(),
                null_mut(),
                &mut function,
            ),
        ]
    };
    assert_eq!(statuses, [OK; 3], "Node-API made no thread-safe function");
    FUNCTION.store(function, Release);
    null_mut()
}

unsafe extern "C" fn call(_env: Env, _info: CallbackInfo) -> Value {
    // SAFETY: the function lives as long as the main thread, which never releases it.
    let status =
        unsafe { napi_call_threadsafe_function(FUNCTION.load(Acquire), null_mut(), NONBLOCKING) };
    assert_eq!(status, OK, "the thread-safe function was not called");
    null_mut()
}

/// # Safety
///
/// Node.js calls this when it loads the addon into a thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn napi_register_module_v1(env: Env, exports: Value) -> Value {
    let add = |name: &CStr, callback: Callback| {
        let mut function = null_mut();
        // SAFETY: `env` and `exports` are live for this call, and the name is copied.
        let statuses = unsafe {
            [
                napi_create_function(
                    env,
                    name.as_ptr(),
                    name.count_bytes(),
                    callback,
                    null_mut(),
                    &mut function,
                ),
                napi_set_named_property(env, exports, name.as_ptr(), function),
            ]
        };
        assert_eq!(statuses, [OK; 2], "Node-API added no function");
    };
    add(c"create", create);
    add(c"call", call);
    exports
}
