//! The facts of the build; `build.rs` sets the variables.

use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::point;

/// Returns the facts of the build; `rust_daq.build_info` completes them.
///
/// Returns
/// -------
/// dict
///     The keys ``version``, ``commit``, ``dirty``, ``profile``, ``burn``, ``target``,
///     ``target_features``, ``rustc``, ``pyo3`` and ``constructor``.
#[pyfunction]
pub fn build_facts(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let facts = PyDict::new(py);
    facts.set_item("version", env!("CARGO_PKG_VERSION"))?;
    facts.set_item("commit", env!("RUST_DAQ_COMMIT"))?;
    facts.set_item("dirty", dirty())?;
    facts.set_item("profile", if cfg!(debug_assertions) { "debug" } else { "release" })?;
    facts.set_item("burn", cfg!(feature = "burn"))?;
    facts.set_item("target", env!("RUST_DAQ_TARGET"))?;
    let features = env!("RUST_DAQ_TARGET_FEATURES").split(',').filter(|name| !name.is_empty());
    facts.set_item("target_features", features.collect::<Vec<_>>())?;
    facts.set_item("rustc", env!("RUST_DAQ_RUSTC"))?;
    facts.set_item("pyo3", env!("RUST_DAQ_PYO3"))?;
    let ordinary = point::native::installed_class().is_null();
    facts.set_item("constructor", if ordinary { "ordinary" } else { "fast" })?;
    Ok(facts)
}

fn dirty() -> Option<bool> {
    match env!("RUST_DAQ_DIRTY") {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}
