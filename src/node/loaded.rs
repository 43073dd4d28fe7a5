//! Keeps the addon loaded. A runtime unloads an addon when the last worker that loaded it ends, but the watcher and the timer
//! run its code until the process ends.

#[cfg(not(target_os = "linux"))]
use std::sync::Once;

/// Keeps the addon loaded until the process ends. The link option `nodelete` does that for glibc (`napi_build`), and
/// musl never unloads a library.
#[cfg(target_os = "linux")]
pub fn keep() {}

/// Keeps the addon loaded until the process ends.
#[cfg(not(target_os = "linux"))]
pub fn keep() {
    static ONCE: Once = Once::new();
    ONCE.call_once(system::keep);
}

#[cfg(windows)]
mod system {
    use std::ptr;
    use windows_sys::Win32::System::LibraryLoader::{
        GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS, GET_MODULE_HANDLE_EX_FLAG_PIN, GetModuleHandleExW,
    };

    pub fn keep() {
        let mut module = ptr::null_mut();
        // SAFETY: the address is one of this module, and `module` is a valid place for a handle.
        unsafe {
            GetModuleHandleExW(
                GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_PIN,
                keep as *const () as *const u16,
                &mut module,
            );
        }
    }
}

#[cfg(target_os = "macos")]
mod system {
    use std::ffi::c_void;
    use std::mem::MaybeUninit;

    pub fn keep() {
        let mut image = MaybeUninit::<libc::Dl_info>::uninit();
        // SAFETY: dladdr fills the place where it returns other than zero. The name of the file that it gives is a
        // C string which lives as long as the library. RTLD_NOLOAD only finds what is loaded.
        unsafe {
            if libc::dladdr(keep as *const () as *const c_void, image.as_mut_ptr()) != 0 {
                let flags = libc::RTLD_LAZY | libc::RTLD_NOLOAD | libc::RTLD_NODELETE;
                libc::dlopen(image.assume_init().dli_fname, flags);
            }
        }
    }
}
