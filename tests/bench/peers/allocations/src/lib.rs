//! Counts what a process allocates: loaded with `LD_PRELOAD` before the C library, it stands in front of `malloc`.
//!
//! So the very binary is measured that runs in schools, with everything in it. The count goes, as eight bytes in native
//! order, into the file that `ALLOCATIONS` names, which is mapped: whoever measures reads it from there at any time.

use std::ffi::{c_char, c_int, c_void};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering};

const O_RDWR: c_int = 2;
const PROT_READ_WRITE: c_int = 3;
const MAP_SHARED: c_int = 1;

unsafe extern "C" {
    // The C library's own, under the names that glibc exports besides.
    fn __libc_malloc(size: usize) -> *mut c_void;
    fn __libc_calloc(count: usize, size: usize) -> *mut c_void;
    fn __libc_realloc(old: *mut c_void, size: usize) -> *mut c_void;
    fn __libc_memalign(alignment: usize, size: usize) -> *mut c_void;
    fn getenv(name: *const c_char) -> *const c_char;
    fn open(path: *const c_char, flags: c_int, ...) -> c_int;
    fn mmap(at: *mut c_void, len: usize, protection: c_int, flags: c_int, file: c_int, offset: i64) -> *mut c_void;
}

static COUNT: AtomicPtr<AtomicU64> = AtomicPtr::new(null_mut());

#[used]
#[unsafe(link_section = ".init_array")]
static BEGIN: extern "C" fn() = begin;

extern "C" fn begin() {
    // SAFETY: C strings with their ends; the mapping stays for as long as the process.
    unsafe {
        let path = getenv(c"ALLOCATIONS".as_ptr());
        if path.is_null() {
            return;
        }
        let file = open(path, O_RDWR);
        if file < 0 {
            return;
        }
        let at = mmap(null_mut(), 8, PROT_READ_WRITE, MAP_SHARED, file, 0);
        if at as isize != -1 {
            COUNT.store(at.cast(), Ordering::Release);
        }
    }
}

fn count() {
    let count = COUNT.load(Ordering::Acquire);
    if !count.is_null() {
        // SAFETY: a mapping of eight aligned bytes that is never taken away.
        unsafe { (*count).fetch_add(1, Ordering::Relaxed) };
    }
}

/// # Safety
/// As the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn malloc(size: usize) -> *mut c_void {
    count();
    // SAFETY: the caller's promise.
    unsafe { __libc_malloc(size) }
}

/// # Safety
/// As the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn calloc(n: usize, size: usize) -> *mut c_void {
    count();
    // SAFETY: the caller's promise.
    unsafe { __libc_calloc(n, size) }
}

/// # Safety
/// As the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn realloc(old: *mut c_void, size: usize) -> *mut c_void {
    count();
    // SAFETY: the caller's promise.
    unsafe { __libc_realloc(old, size) }
}

/// # Safety
/// As the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn posix_memalign(out: *mut *mut c_void, alignment: usize, size: usize) -> c_int {
    const ENOMEM: c_int = 12;
    count();
    // SAFETY: the caller's promise.
    unsafe {
        let at = __libc_memalign(alignment, size);
        if at.is_null() {
            return ENOMEM;
        }
        *out = at;
    }
    0
}
