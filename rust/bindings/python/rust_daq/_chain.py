"""`rust_daq.process.Chain`."""

from typing import Any, Protocol

from rust_daq._core import Fft


class Processor(Protocol):
    """One step of the processing. Its `reset`, if it has one, forgets all earlier batches."""

    def process(self, batch: Any, /) -> Any:
        """Return the processed batch."""


class Chain:
    """Several processors in a row, used as one.

    Parameters
    ----------
    *processors : object with a method ``process(batch)``
        Each receives the result of the one before it. A chain among them is replaced by its processors.

    Raises
    ------
    TypeError
        If one of them has no method `process`.
    ValueError
        If there are no processors, an `Fft` is not the last, or a processor appears twice: it would mix two streams.

    Notes
    -----
    Construction is O(k) in the processors.

    Examples
    --------
    >>> from rust_daq import Channel
    >>> from rust_daq.process import Chain, MovingAverage
    >>> twice = Chain(MovingAverage(2), MovingAverage(2))
    >>> twice.process(Channel("ai0", "V").batch([4.0, 8.0, 8.0])).values
    array([4., 5., 7.])
    """

    def __init__(self, *processors: Processor) -> None:
        if not processors:
            message = "Chain needs at least one processor, got none"
            raise ValueError(message)
        self._processors = flatten_chains(processors)

    @property
    def processors(self) -> tuple[Processor, ...]:
        """The processors, in order."""
        return self._processors

    def process(self, batch: Any) -> Any:
        """Send a batch through all processors.

        Parameters
        ----------
        batch : Batch
            The next rows of the stream.

        Returns
        -------
        Batch or Spectra
            The result of the last processor.

        Notes
        -----
        The cost of the processors, plus O(1) for each of them.

        Examples
        --------
        >>> from rust_daq import Channel
        >>> from rust_daq.process import Chain, MovingAverage
        >>> chain = Chain(MovingAverage(2), MovingAverage(3))
        >>> chain.process(Channel("ai0", "V").batch([6.0, 0.0])).values
        array([6. , 4.5])
        >>> chain.processors[1].window
        3
        """
        for processor in self._processors:
            batch = processor.process(batch)
        return batch

    def reset(self) -> None:
        """Forget all earlier batches.

        Notes
        -----
        O(c) in the channels, for each processor.

        Examples
        --------
        >>> from rust_daq import Channel
        >>> from rust_daq.process import Chain, MovingAverage
        >>> chain, batch = Chain(MovingAverage(2)), Channel("ai0", "V").batch([4.0, 8.0])
        >>> chain.process(batch).values, chain.process(batch).values
        (array([4., 6.]), array([6., 6.]))
        >>> chain.reset()
        >>> chain.process(batch).values
        array([4., 6.])
        """
        for processor in self._processors:
            if (reset := getattr(processor, "reset", None)) is not None:
                reset()

    def __repr__(self) -> str:
        return f"Chain({', '.join(map(repr, self._processors))})"


def flatten_chains(processors: tuple[Any, ...]) -> tuple[Processor, ...]:
    """Replace each chain by its processors, and check that the processors can follow one another."""
    flat: list[Processor] = []
    for processor in processors:
        if isinstance(processor, Chain):
            flat.extend(processor.processors)
        elif callable(getattr(processor, "process", None)):
            flat.append(processor)
        else:
            message = f"each processor must have a method process(batch), got {processor!r}"
            raise TypeError(message)
    for index, processor in enumerate(flat):
        if isinstance(processor, Fft) and index + 1 < len(flat):
            message = f"{processor!r} returns spectra, not a batch, so no processor can follow it; put it last"
            raise ValueError(message)
        if any(processor is other for other in flat[:index]):
            message = f"processors contains {processor!r} twice; create one for each position"
            raise ValueError(message)
    return tuple(flat)
