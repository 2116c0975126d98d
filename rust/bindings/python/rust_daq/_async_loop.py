"""``async for batch in pipeline``."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self

from rust_daq._control import LOOK_SECONDS
from rust_daq._current import Current, Place


class AsyncBatches:
    """Takes one batch after the other, and waits for them in a thread of its own."""

    def __init__(self, current: Current) -> None:
        self._current = current
        self._place: Place | None = None
        self._over = False
        self._waiter = ThreadPoolExecutor(1, "rust-daq-loop")

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Any:
        if self._over:
            raise StopAsyncIteration
        try:
            batch = await self._next()
        except BaseException:
            self._leave()
            raise
        if batch is None:
            self._leave()
            raise StopAsyncIteration
        return batch

    async def _next(self) -> Any:
        """Take a batch once there is one; None at the end."""
        if self._place is None:
            await asyncio.to_thread(self._current.settle)
            self._place = self._current.place()
        await asyncio.sleep(0)  # other tasks run, also while there is always a next batch
        loop = asyncio.get_running_loop()
        while (batch := self._place.take(0)) is None:
            if self._place.has_ended():
                self._place.end()
                return None
            # What is cancelled is the waiting: nothing was taken yet.
            await loop.run_in_executor(self._waiter, self._place.run.await_offer, LOOK_SECONDS)
        return batch

    async def aclose(self) -> None:
        """End the loop, and wait for the end of the run if the loop began it."""
        self._leave()
        await asyncio.to_thread(self._current.settle)

    def __del__(self) -> None:
        self._leave()

    def _leave(self) -> None:
        """End the loop, without waiting."""
        if not self._over:
            self._over = True
            self._waiter.shutdown(wait=False)
            if self._place is not None:
                self._place.leave(self._current.leave)
