//! A Python thread that requests the GIL all the time.

use pyo3::prelude::*;
use pyo3::types::PyModule;

const SOURCE: &std::ffi::CStr = c"
import threading

class BusyThread(threading.Thread):
    stopped = False

    def run(self):
        while not self.stopped:
            pass
";

/// A Python thread that runs a loop until it is stopped.
pub struct BusyThread {
    thread: Py<PyAny>,
}

impl BusyThread {
    /// Starts the thread and waits until it runs.
    pub fn start() -> Self {
        Python::attach(|py| {
            let module = PyModule::from_code(py, SOURCE, c"busy.py", c"busy").unwrap();
            let thread = module.getattr("BusyThread").unwrap().call0().unwrap();
            thread.call_method0("start").unwrap();
            Self { thread: thread.unbind() }
        })
    }

    /// Stops the thread and waits for it.
    pub fn stop(self) {
        Python::attach(|py| {
            let thread = self.thread.bind(py);
            thread.setattr("stopped", true).unwrap();
            thread.call_method0("join").unwrap();
        });
    }
}
