"""`rust_daq.process.Chain`."""

from typing import Any, Protocol

from rust_daq._core import Fft


class Processor(Protocol):
    """What a batch goes through; its `reset`, if it has one, forgets all that came."""

    def process(self, batch: Any, /) -> Any:
        """Give what the batch becomes."""


class Chain:
    """Processors one after the other, as one.

    Parameters
    ----------
    *processors : object with a method ``process(batch)``
        Each is given what the one before it gave. A chain among them counts as its processors.

    Raises
    ------
    TypeError
        If something in it has no method `process`.
    ValueError
        If there is none, an `Fft` is not the last, or one comes twice: it would mix two streams.

    Notes
    -----
    O(k) in the processors to make.

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
            message = "a chain has no processor; pass at least one"
            raise ValueError(message)
        self._processors = flattened(processors)

    @property
    def processors(self) -> tuple[Processor, ...]:
        """The processors, in their order."""
        return self._processors

    def process(self, batch: Any) -> Any:
        """Give what the last processor makes of a batch.

        Parameters
        ----------
        batch : Batch
            The rows that come next.

        Returns
        -------
        Batch or Spectra
            What the last processor gave.

        Notes
        -----
        What its processors take together; O(1) of its own for each.

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
        """Forget all that came.

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


def flattened(processors: tuple[Any, ...]) -> tuple[Processor, ...]:
    """Give the processors with those of chains among them, once they can follow upon each other."""
    flat: list[Processor] = []
    for processor in processors:
        if isinstance(processor, Chain):
            flat.extend(processor.processors)
        elif callable(getattr(processor, "process", None)):
            flat.append(processor)
        else:
            message = f"processors must have a method process(batch), got {processor!r}"
            raise TypeError(message)
    for index, processor in enumerate(flat):
        if isinstance(processor, Fft) and index + 1 < len(flat):
            message = f"processors go on after {processor!r}, which gives no batch; put it last"
            raise ValueError(message)
        if any(processor is other for other in flat[:index]):
            message = f"processors has {processor!r} twice; make one for each place"
            raise ValueError(message)
    return tuple(flat)
