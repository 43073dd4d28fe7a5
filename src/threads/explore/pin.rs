//! All explored threads of one exploration run on one processor: only one of them runs at a time, and passing the turn to
//! another processor takes longer.

/// Keeps the calling thread on a processor: on the given one, or on that which it runs on now. Returns the processor, or
/// none if the system does not do that.
#[cfg(target_os = "linux")]
pub fn pin(processor: Option<usize>) -> Option<usize> {
    // SAFETY: the call takes nothing.
    let processor = processor.or_else(|| usize::try_from(unsafe { libc::sched_getcpu() }).ok())?;
    let size = size_of::<libc::cpu_set_t>();
    if processor >= 8 * size {
        return None;
    }
    // SAFETY: the set is plain memory, and zeroes are an empty one. The index is below the number of its bits. The last
    // call reads a set of this size, for the calling thread.
    let status = unsafe {
        let mut one: libc::cpu_set_t = std::mem::zeroed();
        libc::CPU_SET(processor, &mut one);
        libc::sched_setaffinity(0, size, &one)
    };
    (status == 0).then_some(processor)
}

/// This system does not pin threads.
#[cfg(not(target_os = "linux"))]
pub fn pin(_processor: Option<usize>) -> Option<usize> {
    None
}
