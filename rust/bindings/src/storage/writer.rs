//! The common methods of the writers.

/// Adds the common methods and attributes; takes the name, the extension of the files, and the summary of `close`.
macro_rules! writer {
    ($class:ident, $format:ty, $name:literal, $extension:literal, $closing:literal) => {
        impl $class {
            /// The writer, shared with a pipeline.
            pub(super) fn shared(&self) -> Shared<$format> {
                self.0.clone()
            }
        }

        #[pymethods]
        impl $class {
            /// Flush all written batches to the operating system, and to the device if `sync` includes the device.
            ///
            /// O(1), plus the time of the system for up to 256 KiB, or for all data not yet on the device.
            ///
            /// Raises
            /// ------
            /// ValueError
            ///     If the writer is closed.
            /// OSError
            ///     As for `write`.
            ///
            /// Examples
            /// --------
            /// >>> import tempfile
            /// >>> from rust_daq import Channel
            #[doc = concat!(">>> from rust_daq.storage import ", $name)]
            #[doc = concat!(">>> writer = ", $name, "(tempfile.mkdtemp() + \"/run.", $extension, "\", sync=\"none\")")]
            /// >>> writer.write(Channel("ai0", "V").batch([0.5, 0.25], start=0, rate=1000.0))
            /// >>> writer.flush()
            /// >>> writer.path.stat().st_size == writer.bytes
            /// True
            /// >>> writer.close()
            fn flush(&self, py: Python<'_>) -> PyResult<()> {
                self.0.flush(py)
            }

            #[doc = $closing]
            ///
            /// The owner closes the writer once. After a pipeline or a ``with`` block has closed it, this call
            /// still succeeds. O(1), plus the cost of `flush`.
            ///
            /// Raises
            /// ------
            /// ValueError
            ///     If it was called before.
            /// OSError
            ///     As for `write`.
            ///
            /// Examples
            /// --------
            /// >>> import tempfile
            /// >>> from rust_daq import Channel
            #[doc = concat!(">>> from rust_daq.storage import ", $name)]
            #[doc = concat!(">>> writer = ", $name, "(tempfile.mkdtemp() + \"/run.", $extension, "\", rotate_bytes=1_000)")]
            /// >>> for start in range(2):
            /// ...     values = [0.5] * 100
            /// ...     writer.write(Channel("ai0", "V").batch(values, start=start * 10**9, rate=100.0))
            /// >>> writer.close()
            /// >>> print(*(path.name for path in writer.paths))
            #[doc = concat!("run.part0000.", $extension, " run.part0001.", $extension)]
            fn close(&self, py: Python<'_>) -> PyResult<()> {
                self.0.close(py, true)
            }

            fn __enter__(slf: Py<Self>) -> Py<Self> {
                slf
            }

            #[pyo3(signature = (*exception))]
            fn __exit__(&self, exception: &Bound<'_, pyo3::types::PyTuple>) -> PyResult<()> {
                self.0.close(exception.py(), false)
            }

            /// The file, a `pathlib.Path`; with `rotate_bytes`, the last one.
            #[getter]
            fn path(&self, py: Python<'_>) -> PyResult<std::path::PathBuf> {
                self.0.read(py, |writer| writer.path().to_owned())
            }

            /// All written files, a list of `pathlib.Path`.
            #[getter]
            fn paths(&self, py: Python<'_>) -> PyResult<Vec<std::path::PathBuf>> {
                self.0.read(py, |writer| writer.paths().to_vec())
            }

            /// The number of rows in all files; with `append`, including the existing rows.
            #[getter]
            fn rows(&self, py: Python<'_>) -> PyResult<u64> {
                self.0.read(py, rust_daq::Writer::rows)
            }

            /// The number of bytes in all files, including the writer's buffer; with `append`, including the
            /// existing bytes.
            #[getter]
            fn bytes(&self, py: Python<'_>) -> PyResult<u64> {
                self.0.read(py, rust_daq::Writer::bytes)
            }

            /// Whether the writer was closed or has failed. It accepts no more batches then.
            #[getter]
            fn closed(&self, py: Python<'_>) -> PyResult<bool> {
                self.0.read(py, rust_daq::Writer::is_closed)
            }

            fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
                self.0.repr(py, $name)
            }
        }
    };
}

pub(super) use writer;
