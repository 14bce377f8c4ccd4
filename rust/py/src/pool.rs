//! One thread pool for the process, rebuilt after a fork.

use crate::error::{Result, range_error};
use pyo3::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::sync::{Arc, Mutex, PoisonError};

struct Pool {
    process: u32,
    threads: usize,
    workers: Arc<ThreadPool>,
}

static POOL: Mutex<Option<Pool>> = Mutex::new(None);

/// Most threads that can be asked for.
const THREADS_MAX: usize = 1024;

fn available() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// The pool, built anew if there is none, if the process was forked, or if another size is asked for.
fn pool(wanted: Option<usize>) -> Result<(usize, Arc<ThreadPool>)> {
    let mut held = POOL.lock().unwrap_or_else(PoisonError::into_inner);
    let process = std::process::id();
    let (forked, before) = held.as_ref().map_or((false, None), |p| (p.process != process, Some(p.threads)));
    let threads = wanted.or(before).unwrap_or_else(available);
    if let Some(p) = held.as_ref().filter(|p| !forked && p.threads == threads) {
        return Ok((p.threads, Arc::clone(&p.workers)));
    }
    let new = ThreadPoolBuilder::new()
        .num_threads(threads)
        .thread_name(|i| format!("amsdipole-{i}"))
        .build()
        .map_err(|e| range_error(format!("threads = {threads}: {e}")))?;
    let new = Arc::new(new);
    let old = held.replace(Pool { process, threads, workers: Arc::clone(&new) });
    if forked {
        // The threads of the parent do not exist here; telling them to end would wait for nobody.
        std::mem::forget(old);
    }
    Ok((threads, new))
}

/// Run a kernel in the pool with the interpreter released.
pub fn run<T: Send>(py: Python<'_>, kernel: impl FnOnce() -> amsdipole_core::Result<T> + Send) -> Result<T> {
    let (_, pool) = pool(None)?;
    Ok(py.detach(|| pool.install(kernel))?)
}

/// Set the number of threads of all kernels; 0 means one for each available core.
#[pyfunction]
pub fn set_threads(threads: usize) -> Result<()> {
    if threads > THREADS_MAX {
        return Err(range_error(format!("threads = {threads} is outside [0, {THREADS_MAX}]")));
    }
    pool(Some(if threads == 0 { available() } else { threads })).map(|_| ())
}

/// Number of threads that kernels use.
#[pyfunction]
pub fn threads() -> Result<usize> {
    pool(None).map(|(threads, _)| threads)
}
