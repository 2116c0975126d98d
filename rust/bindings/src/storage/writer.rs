//! What the class of every writer has.

/// The methods and attributes of a writer, with its name, the extension of its files, and what to close it does.
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
            /// Hand all that was written to the operating system, and to the device where `sync` does so.
            ///
            /// O(1), and what the system takes for up to 256 KB, or for all that is not on the device yet.
            ///
            /// Raises
            /// ------
            /// ValueError
            ///     If the writer is closed.
            /// OSError
            ///     As `write` does.
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
            /// Who opened the writer closes it once. What a pipeline or the end of a ``with`` block closed
            /// may still be closed. O(1), and as `flush`.
            ///
            /// Raises
            /// ------
            /// ValueError
            ///     If it was called before.
            /// OSError
            ///     As `write` does.
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

            /// The file that is written, a `pathlib.Path`; with `rotate_bytes` the last one.
            #[getter]
            fn path(&self, py: Python<'_>) -> PyResult<std::path::PathBuf> {
                self.0.told(py, |writer| writer.path().to_owned())
            }

            /// All files that were written, a list of `pathlib.Path`.
            #[getter]
            fn paths(&self, py: Python<'_>) -> PyResult<Vec<std::path::PathBuf>> {
                self.0.told(py, |writer| writer.paths().to_vec())
            }

            /// The rows that were written, in all files; with `append` also those of the file before.
            #[getter]
            fn rows(&self, py: Python<'_>) -> PyResult<u64> {
                self.0.told(py, rust_daq::Writer::rows)
            }

            /// The bytes that were written, in all files, with those that wait in the writer's memory; with
            /// `append` also those of the file before.
            #[getter]
            fn bytes(&self, py: Python<'_>) -> PyResult<u64> {
                self.0.told(py, rust_daq::Writer::bytes)
            }

            /// Whether it was closed, or the system refused something; no more is taken then.
            #[getter]
            fn closed(&self, py: Python<'_>) -> PyResult<bool> {
                self.0.told(py, rust_daq::Writer::is_closed)
            }

            fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
                self.0.repr(py, $name)
            }
        }
    };
}

pub(super) use writer;
