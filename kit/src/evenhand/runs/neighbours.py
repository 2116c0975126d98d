"""Neighbours: other processes and machines that used the processor during a measurement."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass
from typing import Self

import psutil

NOTICED_CORES = 0.5
"""A smaller use by other processes is normal on any machine."""
NOTICED_STEAL = 0.05
"""A smaller share of a core's time taken by the hypervisor is not mentioned."""
SHORTEST_SECONDS = 1.0
"""The system counts in hundredths of a second, so shares of a shorter time are meaningless."""


@dataclass(frozen=True)
class Neighbours:
    """A reading of the system's counters; the difference to a later one shows the disturbances in between.

    Parameters
    ----------
    wall : float
        Seconds of a monotonic clock.
    busy : float
        Processor time in seconds since the system started, of all processes on all cores.
    own : float
        The part of `busy` used by this process and its ended children.
    stolen : float
        Seconds that the hypervisor gave to other machines.
    """

    wall: float
    busy: float
    own: float
    stolen: float

    @classmethod
    def read(cls) -> Self:
        """Read the counters now."""
        times = psutil.cpu_times()
        # Linux includes the time of guests in `user`; Windows lists interrupts separately.
        counted = ("user", "nice", "system", "irq", "softirq")
        own = os.times()
        return cls(
            wall=time.monotonic(),
            busy=sum(getattr(times, name, 0.0) for name in counted),
            own=own.user + own.system + own.children_user + own.children_system,
            stolen=getattr(times, "steal", 0.0),
        )

    def notes_until(self, later: Neighbours) -> tuple[str, ...]:
        """Return a sentence on each disturbance between this reading and a later one."""
        wall = later.wall - self.wall
        # Windows does not count the time of ended children, so our own would appear as neighbours.
        if wall < SHORTEST_SECONDS or sys.platform == "win32":
            return ()
        notes = []
        others = ((later.busy - self.busy) - (later.own - self.own)) / wall
        if others >= NOTICED_CORES:
            cores = psutil.cpu_count() or 1
            notes.append(
                f"other processes used {others:.1f} of {cores} cores during the measurement; "
                "intervals may be wider than on a quiet machine"
            )
        stolen = (later.stolen - self.stolen) / wall
        if stolen >= NOTICED_STEAL:
            notes.append(f"the hypervisor gave {stolen:.2f} of a core to other machines during the measurement")
        return tuple(notes)
