"""Numbers in, numbers out: no clock, no file, no process."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy  # its parts are loaded as they are used: together they take longer to import than all else here

from evenhand.judge.decision import FEWEST_ROUNDS, fewest_rounds
from evenhand.judge.estimate import Estimate

Floats = npt.NDArray[np.float64]

RESAMPLES = 9_999
SEED = 20_061_123


def median_interval(rounds: npt.ArrayLike, level: float = 0.95) -> Estimate:
    """Estimate the median over rounds, with a percentile bootstrap over rounds.

    Parameters
    ----------
    rounds : array_like, shape (n,)
        One number a round.
    level : float
        Confidence level of the interval.

    Returns
    -------
    Estimate
        Without an interval (NaN) where there are fewer rounds than one of this level takes; see `fewest_rounds`.

    Notes
    -----
    The percentile bootstrap of Efron (1979), from `scipy.stats.bootstrap`; BCa is undefined for a median.  The seed
    is fixed: the same rounds always give the same interval.
    """
    values = np.asarray(rounds, dtype=np.float64)
    if values.size == 0 or not np.isfinite(values).all():
        return Estimate(float("nan"), float("nan"), float("nan"), level, values.size)
    value = float(np.median(values))
    if values.size < fewest_rounds(level=level):
        return Estimate(value, float("nan"), float("nan"), level, values.size)
    interval = resampled(values, level).confidence_interval
    return Estimate(value, float(interval.low), float(interval.high), level, values.size)


def median_intervals(rows: npt.ArrayLike, level: float = 0.95) -> tuple[Floats, Floats]:
    """Give the intervals of many sets of rounds at once, each that of `median_interval` of its ordered rounds.

    Parameters
    ----------
    rows : array_like, shape (m, n)
        In each row one number a round; n is at least `fewest_rounds` of the level.
    level : float
        Confidence level of the intervals.

    Returns
    -------
    low, high : ndarray, shape (m,)
        The ends.

    Notes
    -----
    Which two of the ordered rounds are in the middle of a resample does not depend on their values, so that one
    bootstrap of the places serves all rows; and since few pairs of places occur, quantiles are taken of these, each
    as many times as it occurred.
    """
    ordered = np.sort(np.asarray(rows, dtype=np.float64), axis=1)
    count = ordered.shape[1]

    def middle(places: Floats, axis: int = -1) -> Floats:
        drawn = np.sort(places, axis=axis)
        upper, lower = drawn.take(count // 2, axis=axis), drawn.take((count - 1) // 2, axis=axis)
        both: Floats = upper * count + lower
        return both

    both = resampled(np.arange(count, dtype=np.float64), level, middle).bootstrap_distribution.astype(np.intp)
    pairs, times = np.unique(both, return_counts=True)
    medians = (ordered[:, pairs // count] + ordered[:, pairs % count]) / 2
    order = np.argsort(medians, axis=1)
    medians, reached = np.take_along_axis(medians, order, axis=1), np.cumsum(times[order], axis=1)

    def quantile(share: float) -> Floats:
        rank = share * (RESAMPLES - 1)
        ends = [np.argmax(reached > whole, axis=1)[:, np.newaxis] for whole in (math.floor(rank), math.ceil(rank))]
        below, above = (np.take_along_axis(medians, end, axis=1)[:, 0] for end in ends)
        found: Floats = below + (above - below) * (rank % 1)
        return found

    return quantile((1 - level) / 2), quantile((1 + level) / 2)


def median(values: Floats, axis: int = -1) -> Floats:
    """The median along an axis; of many short rows `numpy.median` takes several times as long."""
    ordered = np.sort(values, axis=axis)
    count = values.shape[axis]
    found: Floats = (ordered.take(count // 2, axis=axis) + ordered.take((count - 1) // 2, axis=axis)) / 2
    return found


def resampled(values: Floats, level: float = 0.95, statistic: Callable[..., Floats] = median) -> Any:
    """Bootstrap the median, or another statistic; what `scipy.stats.bootstrap` returns."""
    return scipy.stats.bootstrap(
        (values,),
        statistic,
        n_resamples=RESAMPLES,
        confidence_level=level,
        method="percentile",
        rng=np.random.default_rng(SEED),
    )


def ratio_p_value(new: npt.ArrayLike, old: npt.ArrayLike) -> float:
    """How small a level the interval of `ratio_interval` can exclude 1 at, from the same resamples.

    Parameters
    ----------
    new, old : array_like, shape (n,)
        One positive number a round, of the same rounds.

    Returns
    -------
    float
        Twice the smaller share of resampled medians on one side of 1; 0 where none is.  NaN with too few rounds.
    """
    logs = np.log(np.asarray(new, dtype=np.float64)) - np.log(np.asarray(old, dtype=np.float64))
    if logs.size < FEWEST_ROUNDS or not np.isfinite(logs).all():
        return float("nan")
    medians = resampled(logs).bootstrap_distribution
    return float(min(1.0, 2 * min(np.mean(medians <= 0), np.mean(medians >= 0))))


def holm_levels(p_values: Sequence[float], level: float) -> list[float]:
    """Confidence levels at which intervals judged together make a false alarm at most so often (Holm, 1979).

    The smallest p-value is held against the whole correction, each next one against one less, until one does not
    pass; all after it share its level.

    Parameters
    ----------
    p_values : sequence of float
        One for each interval.
    level : float
        That no false alarm is among them, at least.

    Returns
    -------
    list of float
        The level of each interval, in the order of the p-values.
    """
    levels = [level] * len(p_values)
    error = 0.0
    passing = True
    for place, index in enumerate(np.argsort(p_values, kind="stable")):
        if passing:
            error = (1 - level) / (len(p_values) - place)
            passing = p_values[index] < error
        levels[index] = 1 - error
    return levels


def ratio_interval(new: npt.ArrayLike, old: npt.ArrayLike, level: float = 0.95) -> Estimate:
    """Estimate new over old: the median over rounds of the per-round log ratio, back on the ratio's scale.

    Parameters
    ----------
    new, old : array_like, shape (n,)
        One positive number a round, of the same rounds.
    level : float
        Confidence level of the interval.
    """
    logs = np.log(np.asarray(new, dtype=np.float64)) - np.log(np.asarray(old, dtype=np.float64))
    estimate = median_interval(logs, level)
    low, value, high = np.exp([estimate.low, estimate.value, estimate.high])
    return Estimate(float(value), float(low), float(high), level, estimate.rounds)


def ratio_apart(new: npt.ArrayLike, old: npt.ArrayLike) -> float:
    """How far the median of the rounds' ratios is from the quotient of the two medians.

    Parameters
    ----------
    new, old : array_like, shape (n,)
        One number a round, of the same rounds.

    Returns
    -------
    float
        A factor of at least 1; NaN where a number is 0 or not known, so that there is no ratio.
    """
    above, below = np.asarray(new, dtype=np.float64), np.asarray(old, dtype=np.float64)
    if not ((above > 0).all() and (below > 0).all()):
        return math.nan
    quotient = np.log(np.median(above)) - np.log(np.median(below))
    return float(np.exp(np.abs(np.median(np.log(above) - np.log(below)) - quotient)))


def corrected_level(level: float, judged: int) -> float:
    """Raise a confidence level so that `judged` intervals hold together (Bonferroni)."""
    return 1 - (1 - level) / max(judged, 1)


def noise_floor(ratios: Iterable[Estimate]) -> float:
    """How far apart identical programs measured: the ratio farthest from 1, as a share of 1.

    Parameters
    ----------
    ratios : iterable of Estimate
        Between programs that are the same.

    Returns
    -------
    float
        0.03 where the farthest is 1.03 or 1 / 1.03; NaN where one of them is not known.
    """
    away = [abs(math.log(ratio.value)) if ratio.value > 0 else math.nan for ratio in ratios]
    return math.expm1(max(away)) if not any(map(math.isnan, away)) else math.nan


def two_groups(values: Any, apart: float = 1.2) -> tuple[float, float] | None:
    """Tell whether rounds fall into two groups.

    Parameters
    ----------
    values : sequence of float
        One number a round.
    apart : float
        How far the medians of the groups are apart at least, as a ratio.

    Returns
    -------
    tuple of float or None
        The medians of both groups: the sorted rounds split at their largest gap (on the log scale), at least two in
        each.  None where they are nearer than that, or a value is not positive.
    """
    ordered = np.sort(np.asarray(values, dtype=float))
    if len(ordered) < 4 or not (ordered > 0).all() or not np.isfinite(ordered).all():
        return None
    place = int(np.argmax(np.diff(np.log(ordered)))) + 1
    low, high = ordered[:place], ordered[place:]
    if min(len(low), len(high)) < 2 or np.median(high) <= apart * np.median(low):
        return None
    return float(np.median(low)), float(np.median(high))


def weighted_quantiles(values: npt.ArrayLike, counts: npt.ArrayLike, quantiles: Sequence[float]) -> Floats:
    """Quantiles of a histogram, each the smallest value that at least that share of the counts does not exceed.

    Parameters
    ----------
    values, counts : array_like, shape (n,)
        Distinct values and how often each was seen.
    quantiles : sequence of float
        Shares between 0 and 1.

    Returns
    -------
    ndarray, shape (len(quantiles),)
        Observed values: nothing is interpolated (definition 1 of Hyndman and Fan, 1996).
    """
    order = np.argsort(values)
    ordered = np.asarray(values, dtype=np.float64)[order]
    cumulated = np.cumsum(np.asarray(counts, dtype=np.int64)[order])
    ranks = np.ceil(np.asarray(quantiles) * cumulated[-1]).clip(1)
    found: Floats = ordered[np.searchsorted(cumulated, ranks)]
    return found
