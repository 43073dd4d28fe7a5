//! The descriptor of the thread's event loop, which becomes readable when the runtime wants to interrupt the thread.
//! Stopping the thread, taking a heap snapshot and posting a message all write to its loop.

use super::value::Env;

/// The descriptor. None if libuv has no such function. Only for runtimes that are built on libuv: others lack the
/// function, or export one that ends the process. So it is looked up when it is needed, and not linked.
#[cfg(target_os = "linux")]
pub fn descriptor(env: Env) -> Option<i32> {
    use std::ffi::{c_int, c_void};

    type BackendFd = unsafe extern "C" fn(*const c_void) -> c_int;

    // SAFETY: the name is a C string, and RTLD_DEFAULT searches what is loaded.
    let symbol = unsafe { libc::dlsym(libc::RTLD_DEFAULT, c"uv_backend_fd".as_ptr()) };
    if symbol.is_null() {
        return None;
    }
    // SAFETY: libuv declares `int uv_backend_fd(const uv_loop_t*)`.
    let backend_fd = unsafe { std::mem::transmute::<*mut c_void, BackendFd>(symbol) };
    let mut event_loop = std::ptr::null_mut();
    // SAFETY: the environment is alive, on its own thread.
    let status = unsafe { napi_sys::napi_get_uv_event_loop(env.raw(), &mut event_loop) };
    if status != napi_sys::Status::napi_ok || event_loop.is_null() {
        return None;
    }
    // SAFETY: the loop of this environment, on its own thread.
    let descriptor = unsafe { backend_fd(event_loop.cast_const().cast()) };
    (descriptor >= 0).then_some(descriptor)
}

/// Event loops are not watched on this system.
#[cfg(not(target_os = "linux"))]
pub fn descriptor(_env: Env) -> Option<i32> {
    None
}
