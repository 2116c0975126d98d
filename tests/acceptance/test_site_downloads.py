"""Downloads from the site: scripts run in an empty folder, and notebooks with only the package installed."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from site_folder import ROOT, SiteFolder

pytestmark = pytest.mark.acceptance

SMALL = {
    "batches": ["--rounds", "1"],
    "benchmark_datapoint": ["--rounds", "1", "--samples", "1000"],
    "benchmark_throughput": ["--rounds", "1", "--repeats", "2"],
    "benchmark_memory": ["--rounds", "1", "--runs", "1"],
    "crossing": ["--rounds", "1"],
    "gil": ["--rounds", "1"],
    "imports": ["--rounds", "1"],
    "pythons": ["--rounds", "1"],
    "metadata": ["--rounds", "1"],
    "noise": ["--rounds", "1", "--samples", "1000"],
    "pipeline": ["--rounds", "1"],
    "processors": ["--rounds", "1"],
    "rates": ["--rounds", "1"],
    "reference": ["--rounds", "1"],
    "scale_out": ["--rounds", "1"],
    "storage": ["--rounds", "1", "--kills", "1"],
    "streams": ["--rounds", "1"],
    "timestamps": ["--rounds", "1"],
    "zero_copy": ["--rounds", "1"],
    "compare_alternatives": [
        "--rounds",
        "2",
        "--samples",
        "1000",
        "--repeats",
        "2",
        "--runs",
        "1",
        "--rate",
        "1000",
        "--duration",
        "1",
        "--json",
        "results/latest.json",
        "--plot-dir",
        "results/",
    ],
}
NUMBERS = {"samples": "1_000", "repeats": "2", "runs": "1", "kills": "1", "duration": "1.0"}
ROUNDS = 1
EXECUTE = """
import sys, nbformat
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], as_version=4)
NotebookClient(notebook, timeout=300, kernel_name="python3").execute()
"""


def ended(arguments: list[str | Path], folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder without this project's environment variables."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("RUST_DAQ", "PYTHON", "VIRTUAL"))}
    return subprocess.run(
        arguments, cwd=folder, env=kept | environment, capture_output=True, text=True, timeout=600, check=False
    )


def downloads(site: SiteFolder, ending: str) -> dict[str, Path]:
    """Return the downloads of the gallery's pages, by the example's name."""
    return {path.stem: path for path in (site.folder / "_downloads").rglob(f"*{ending}")}


def test_every_example_is_tried_here(site: SiteFolder) -> None:
    assert set(downloads(site, ".py")) == set(downloads(site, ".ipynb")) == set(SMALL)


@pytest.fixture(scope="session")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make an environment with the wheel, its extra `bench` (and `scale` for one example) and a kernel."""
    folder = tmp_path_factory.mktemp("reader")
    # Build as the session does, so that nothing is compiled again.
    shared = ["--config", f"env.PYO3_PYTHON.value='{Path(sys.executable).resolve()}'"]
    shared += ["--config", "env.PYO3_PYTHON.force=true"]
    built = subprocess.run(
        [*[sys.executable, "-m", "maturin", "build", "--release", "--locked", "--out", folder], *shared]
        + ["-i", sys.executable],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    wheel = next(folder.glob("rust_daq-*.whl"))
    uv = shutil.which("uv") or [sys.executable, "-m", "uv"]
    uv = [uv] if isinstance(uv, str) else uv
    # The kit comes from the same folder, because an index may have something else under its name.
    subprocess.run([*uv, "build", "--quiet", "--wheel", "--out-dir", folder, ROOT / "kit"], check=True, timeout=300)
    python = folder / "environment" / "bin" / "python"
    for arguments in (
        ["venv", "--quiet", "--python", sys.executable, folder / "environment"],
        [
            "pip",
            "install",
            "--quiet",
            "--python",
            python,
            "--find-links",
            folder,
            f"rust-daq[scale] @ {wheel.as_uri()}",
            "ipykernel",
            "nbclient",
        ],
    ):
        made = subprocess.run([*uv, *arguments], capture_output=True, text=True, timeout=900, check=False)
        assert made.returncode == 0, made.stderr
    return python


@pytest.mark.parametrize("name", SMALL)
def test_a_downloaded_script_runs_in_an_empty_folder(site: SiteFolder, reader: Path, tmp_path: Path, name: str) -> None:
    shutil.copy(downloads(site, ".py")[name], tmp_path)
    outcome = ended([reader, f"{name}.py", *SMALL[name]], tmp_path, MPLBACKEND="agg")
    assert outcome.returncode == 0, outcome.stderr
    if "--json" in SMALL[name]:
        assert json.loads((tmp_path / "results" / "latest.json").read_text(encoding="utf-8"))["results"]
        assert {path.suffix for path in (tmp_path / "results").iterdir()} >= {".png", ".svg"}
    elif "writes no file" in " ".join((tmp_path / f"{name}.py").read_text(encoding="utf-8").split()):
        assert [path.name for path in tmp_path.iterdir()] == [f"{name}.py"]


def small(source: str) -> str:
    """Return an example with small numbers in its settings."""

    def shorter(call: re.Match[str]) -> str:
        options = re.sub(
            r"(\w+)=[\d_.]+", lambda option: f"{option[1]}={NUMBERS.get(option[1], option[0].split('=')[1])}", call[2]
        )
        return f"{call[1]}, rounds={ROUNDS}{options}"

    return re.sub(r"(bench\.settings\(\s*__doc__)([^)]*)", shorter, source)


@pytest.mark.parametrize("name", SMALL)
def test_a_downloaded_notebook_runs_with_only_the_package(
    site: SiteFolder, reader: Path, tmp_path: Path, name: str
) -> None:
    notebook = json.loads(downloads(site, ".ipynb")[name].read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["source"] = small("".join(cell["source"]))
    assert f"rounds={ROUNDS}" in json.dumps(notebook)
    (tmp_path / f"{name}.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    outcome = ended([reader, "-c", EXECUTE, f"{name}.ipynb"], tmp_path)
    assert outcome.returncode == 0, outcome.stderr[-3000:]


def test_a_notebook_shows_no_role(site: SiteFolder) -> None:
    roles = re.compile(r":(measured|shipped|doc|ref|class|func):`")
    shown = [
        name
        for name, path in downloads(site, ".ipynb").items()
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]
        if cell["cell_type"] == "markdown" and roles.search("".join(cell["source"]))
    ]
    assert shown == []
