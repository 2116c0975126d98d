"""Neighbours: what else used the processor while something was measured."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass
from typing import Self

import psutil

NOTICED_CORES = 0.5
"""Others that use less than this are every machine's usual murmur."""
NOTICED_STEAL = 0.05
"""A hypervisor that keeps the processor for less than this share of a core's time goes unnamed."""
SHORTEST_SECONDS = 1.0
"""The system counts in hundredths of a second: below this a share means nothing."""


@dataclass(frozen=True)
class Neighbours:
    """A reading of the system's counters; a later one tells what happened between.

    Parameters
    ----------
    wall : float
        Seconds of a monotonic clock.
    busy : float
        Seconds of processor time used since the system began, by anybody, over all cores.
    own : float
        Of those, what this process and its children that have ended used.
    stolen : float
        Seconds that a hypervisor gave to others.
    """

    wall: float
    busy: float
    own: float
    stolen: float

    @classmethod
    def read(cls) -> Self:
        """Read the counters now."""
        times = psutil.cpu_times()
        # Linux counts what guests of this machine use as `user` already; Windows gives interrupts apart.
        counted = ("user", "nice", "system", "irq", "softirq")
        own = os.times()
        return cls(
            wall=time.monotonic(),
            busy=sum(getattr(times, name, 0.0) for name in counted),
            own=own.user + own.system + own.children_user + own.children_system,
            stolen=getattr(times, "steal", 0.0),
        )

    def notes_until(self, later: Neighbours) -> tuple[str, ...]:
        """What disturbed between this reading and a later one, each a sentence."""
        wall = later.wall - self.wall
        # Windows does not count what ended children used, so that ours would be taken for neighbours.
        if wall < SHORTEST_SECONDS or sys.platform == "win32":
            return ()
        notes = []
        others = ((later.busy - self.busy) - (later.own - self.own)) / wall
        if others >= NOTICED_CORES:
            cores = psutil.cpu_count() or 1
            notes.append(
                f"other processes used {others:.1f} of {cores} cores while this was measured; "
                "intervals may be wider than on a quiet machine"
            )
        stolen = (later.stolen - self.stolen) / wall
        if stolen >= NOTICED_STEAL:
            notes.append(f"the hypervisor gave {stolen:.2f} of a core to other machines while this was measured")
        return tuple(notes)
