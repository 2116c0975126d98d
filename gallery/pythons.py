"""
Which Python is fastest for this work?
======================================

Releases of CPython differ in speed, and so do builds of one release. This page
measures what making a point and calling a function cost on the Python that
built this site, and shows how to compare your own Pythons.

**Safe to copy as it is.** It measures in its own processes and writes no file.

.. in-short::
    :figure: pythons/here

    On the Python of this site a DataPoint takes
    :measured:`pythons/here/DataPoint/cost_ns`. A loop that makes a thousand
    points of a batch and calls a function for each takes
    :measured:`pythons/here/callback loop/cost_ns`.

    Measure your own Pythons with ``--python`` before you change one.
    :doc:`/pythons` has the tables of such a run.

:order: 20
:group: Points
:weight: 1
:about: the same work on several Pythons
"""

# %%
# The work
# --------
# One point, built in four ways from an existing timestamp, and a loop over a
# batch, which makes a thousand points and calls a function for each. The loop
# does other work, so its ratio to one point says nothing. The statements are
# text, so any Python with the packages can run them.

# Preparation: The settings, and the names that the statements use
import json
import subprocess
import sys

import evenhand as bench

settings = bench.settings(
    __doc__, python=(), packages={"rust-daq": "rust_daq:build_info"}
)

SETUP = """
from dataclasses import dataclass
from datetime import datetime, timezone

import msgspec
from rust_daq import Channel, DataPoint

@dataclass(slots=True)
class Slots:
    timestamp: datetime
    channel: str
    value: float
    unit: str

class Struct(msgspec.Struct, gc=False, frozen=True):
    timestamp: datetime
    channel: str
    value: float
    unit: str

ready = datetime.fromtimestamp(1_700_000_000.25, timezone.utc)
batch = Channel("laser", "mW").batch([float(v) for v in range(1_000)])

def take(point):
    pass
"""
# %%

OPERATIONS = {
    "DataPoint": "DataPoint(ready, 'laser', 1.5, 'mW')",
    "dict": (
        "{'timestamp': ready, 'channel': 'laser', 'value': 1.5, 'unit': 'mW'}"
    ),
    "dataclass": "Slots(ready, 'laser', 1.5, 'mW')",
    "msgspec": "Struct(ready, 'laser', 1.5, 'mW')",
    "callback loop": "for point in batch: take(point)",
}

# %%
# On this Python
# --------------

here = None
if not settings.python:
    here = bench.compare(
        OPERATIONS, setup=SETUP, name="here", settings=settings
    )
here

# %%
# On several Pythons
# ------------------
# ``--python`` names the interpreter of an environment that has ``rust-daq``
# and ``msgspec``. Repeat it for each. For each operation the Pythons are then
# the contenders of one comparison: they take turns in every round, and the
# table judges each by the first. An interpreter that was built without
# optimisation is marked, so that a build is not mistaken for a version. Some,
# such as Debian's, keep no record of it.

# Preparation: The interpreters that were named
QUESTION = """
import json, platform, sysconfig, msgspec, rust_daq
known = sysconfig.get_config_var
flags = f"{known('CONFIG_ARGS')} {known('PY_CFLAGS')}"
marked = "--enable-optimizations" in flags or "-fprofile-use" in flags
plain = bool(known("PGO_PROF_USE_FLAG")) and not marked
build = rust_daq.build_info()["commit"]
print(json.dumps([platform.python_version(), plain, build]))
"""


def ask(python):
    """Return the version of an interpreter, its kind, and its rust_daq."""
    command = [str(python), "-I", "-c", QUESTION]
    try:
        answer = subprocess.run(  # noqa: S603 -- the reader's own interpreter
            command, capture_output=True, text=True, check=True, timeout=60
        )
        return json.loads(answer.stdout)
    except subprocess.CalledProcessError as error:
        said = (error.stderr.strip().splitlines() or ["nothing"])[-1]
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        said = str(error)
    sys.exit(
        f"--python {python} does not work: {said}. Pass the interpreter of an "
        "environment in which rust-daq and msgspec are installed."
    )


pythons, builds = {}, set()
for python in settings.python:
    version, plain, build = ask(python)
    name = f"{version}, not optimised" if plain else version
    if name in pythons:
        sys.exit(f"--python {python} is a second {name}; pass each once.")
    pythons[name] = str(python)
    builds.add(build)
if len(builds) > 1:
    sys.exit(
        f"the Pythons have rust-daq of the commits {', '.join(sorted(builds))}"
        "; install the same one in each, or its speed is compared as well."
    )
if len(pythons) == 1:
    sys.exit("--python was passed once; pass it for at least two Pythons.")

# %%

for name, code in OPERATIONS.items() if pythons else ():
    bench.compare(
        {
            version: bench.Statement(code, SETUP, python=python)
            for version, python in pythons.items()
        },
        name=name,
        settings=settings,
    )
