"""``async for batch in pipeline``."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self

from rust_daq._control import LOOK_SECONDS
from rust_daq._current_run import CurrentRun, LoopReader


class AsyncBatches:
    """Iterates over batches asynchronously; a separate thread waits for them."""

    def __init__(self, current: CurrentRun) -> None:
        self._current = current
        self._reader: LoopReader | None = None
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
        """Wait for a batch and take it; None at the end."""
        if self._reader is None:
            await asyncio.to_thread(self._current.settle)
            self._reader = self._current.attach_reader()
        await asyncio.sleep(0)  # let other tasks run even if the next batch is always available
        loop = asyncio.get_running_loop()
        while (batch := self._reader.take(0)) is None:
            if self._reader.has_ended():
                self._reader.end()
                return None
            # Cancellation loses no batch: this only waits, and takes nothing.
            await loop.run_in_executor(self._waiter, self._reader.run.await_offer, LOOK_SECONDS)
        return batch

    async def aclose(self) -> None:
        """End the loop, and wait for the end of the run if the loop started it."""
        self._leave()
        await asyncio.to_thread(self._current.settle)

    def __del__(self) -> None:
        self._leave()

    def _leave(self) -> None:
        """End the loop, without waiting."""
        if not self._over:
            self._over = True
            self._waiter.shutdown(wait=False)
            if self._reader is not None:
                self._reader.leave(self._current.leave)
