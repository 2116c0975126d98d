"""Pure functions of numbers: no clock, no file, no process."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy  # its parts load on first use: loading all would take longer than every other import here

from evenhand.judge.decision import FEWEST_ROUNDS, fewest_rounds
from evenhand.judge.estimate import Estimate

Floats = npt.NDArray[np.float64]

RESAMPLES = 9_999
SEED = 20_061_123


def median_interval(rounds: npt.ArrayLike, level: float = 0.95) -> Estimate:
    """Estimate the median over rounds, with a percentile bootstrap over the rounds.

    Parameters
    ----------
    rounds : array_like, shape (n,)
        One number per round.
    level : float
        Confidence level of the interval.

    Returns
    -------
    Estimate
        Without an interval (NaN) where there are too few rounds for this level; see `fewest_rounds`.

    Notes
    -----
    The percentile bootstrap of Efron (1979), from `scipy.stats.bootstrap`; BCa is undefined for a median.  The seed
    is fixed, so the same rounds always have the same interval.  With few rounds a percentile interval alone is too
    narrow, so each end is at least as far out as that of the exact interval of a median (Thompson, 1936); see
    `exact_place`.
    """
    values = np.asarray(rounds, dtype=np.float64)
    if values.size == 0 or not np.isfinite(values).all():
        return Estimate(float("nan"), float("nan"), float("nan"), level, values.size)
    value = float(np.median(values))
    if values.size < fewest_rounds(level=level):
        return Estimate(value, float("nan"), float("nan"), level, values.size)
    low, high = median_intervals(values[np.newaxis], level)
    return Estimate(value, float(low[0]), float(high[0]), level, values.size)


def exact_place(count: int, level: float) -> int:
    """Where the exact interval of a median begins among its ordered rounds.

    Parameters
    ----------
    count : int
        The rounds, at least `fewest_rounds` of the level.
    level : float
        Confidence level of the interval.

    Returns
    -------
    int
        The index of the round at the lower end; the upper end has as many rounds beyond it.

    Notes
    -----
    Each round is below the median with probability 1/2.  So the median is below the k-th of n ordered rounds with the
    probability that a binomial number of n and 1/2 is below k (Thompson, 1936), whatever the distribution, if rounds
    are independent; with equal rounds it is at most that.

    Examples
    --------
    >>> from evenhand.judge.statistics import exact_place
    >>> [exact_place(count, 0.95) for count in (6, 9, 20)]
    [0, 1, 5]
    """
    return max(int(scipy.stats.binom.ppf((1 - level) / 2, count, 0.5)) - 1, 0)


def median_intervals(rows: npt.ArrayLike, level: float = 0.95) -> tuple[Floats, Floats]:
    """Compute many intervals at once, each the `median_interval` of its ordered rounds.

    Parameters
    ----------
    rows : array_like, shape (m, n)
        One row of rounds per interval; n is at least `fewest_rounds` of the level.
    level : float
        Confidence level of the intervals.

    Returns
    -------
    low, high : ndarray, shape (m,)
        The ends of the intervals.

    Notes
    -----
    Quantiles are computed over the distinct pairs of `middle_pairs`, weighted by how often each occurred.
    """
    ordered = np.sort(np.asarray(rows, dtype=np.float64), axis=1)
    count = ordered.shape[1]

    pairs, times = middle_pairs(count)
    medians = (ordered[:, pairs // count] + ordered[:, pairs % count]) / 2
    order = np.argsort(medians, axis=1)
    medians, reached = np.take_along_axis(medians, order, axis=1), np.cumsum(times[order], axis=1)

    def quantile(share: float) -> Floats:
        rank = share * (RESAMPLES - 1)
        ends = [np.argmax(reached > whole, axis=1)[:, np.newaxis] for whole in (math.floor(rank), math.ceil(rank))]
        below, above = (np.take_along_axis(medians, end, axis=1)[:, 0] for end in ends)
        found: Floats = below + (above - below) * (rank % 1)
        return found

    place = exact_place(count, level)
    low = np.minimum(quantile((1 - level) / 2), ordered[:, place])
    return low, np.maximum(quantile((1 + level) / 2), ordered[:, count - 1 - place])


@lru_cache(maxsize=64)
def middle_pairs(count: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Draw resamples of `count` ordered rounds, and return which two rounds were in their middle.

    Parameters
    ----------
    count : int
        The rounds.

    Returns
    -------
    pairs : ndarray of intp, shape (k,)
        The distinct pairs of positions, upper * count + lower; the same position twice for an odd count.
    times : ndarray of intp, shape (k,)
        How often each occurred, `RESAMPLES` in all.

    Notes
    -----
    Which two ordered rounds are in the middle of a resample does not depend on their values.  So one bootstrap of
    positions, by `scipy.stats.bootstrap`, serves all rounds of the same number.
    """

    def middle(places: Floats, axis: int = -1) -> Floats:
        drawn = np.sort(places, axis=axis)
        upper, lower = (np.asarray(drawn.take(place, axis=axis)) for place in (count // 2, (count - 1) // 2))
        both: Floats = upper * count + lower
        return both

    resampled = scipy.stats.bootstrap(
        (np.arange(count, dtype=np.float64),),
        middle,
        n_resamples=RESAMPLES,
        method="percentile",
        rng=np.random.default_rng(SEED),
    )
    pairs, times = np.unique(resampled.bootstrap_distribution.astype(np.intp), return_counts=True)
    for shared in (pairs, times):
        shared.setflags(write=False)
    return pairs, times


def ratio_p_value(new: npt.ArrayLike, old: npt.ArrayLike) -> float:
    """One minus the highest confidence level at which the interval of `ratio_interval` excludes 1.

    Parameters
    ----------
    new, old : array_like, shape (n,)
        One positive number per round, from the same rounds.

    Returns
    -------
    float
        The larger of two numbers: twice the smaller share of resampled medians on one side of 1, and the p-value of
        the sign test, which belongs to the exact interval of a median.  NaN with too few rounds.
    """
    logs = np.log(np.asarray(new, dtype=np.float64)) - np.log(np.asarray(old, dtype=np.float64))
    if logs.size < FEWEST_ROUNDS or not np.isfinite(logs).all():
        return float("nan")
    ordered, (pairs, times) = np.sort(logs), middle_pairs(logs.size)
    medians = (ordered[pairs // logs.size] + ordered[pairs % logs.size]) / 2
    drawn = min(times[medians <= 0].sum(), times[medians >= 0].sum()) / RESAMPLES
    exact = scipy.stats.binom.cdf(min((logs <= 0).sum(), (logs >= 0).sum()), logs.size, 0.5)
    return float(min(1.0, 2 * max(drawn, exact)))


def holm_levels(p_values: Sequence[float], level: float) -> list[float]:
    """Confidence levels for intervals that are judged together, with a bounded rate of false alarms (Holm, 1979).

    The smallest p-value is compared with the full correction, each next one with one step less, until one fails;
    all after it share its level.

    Parameters
    ----------
    p_values : sequence of float
        One for each interval.
    level : float
        The probability of no false alarm is at least this.

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
    """Estimate new over old: the median of the per-round log ratios, transformed back.

    Parameters
    ----------
    new, old : array_like, shape (n,)
        One positive number per round, from the same rounds.
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
        One number per round, from the same rounds.

    Returns
    -------
    float
        A factor of at least 1; NaN where a number is 0 or unknown, so that no ratio exists.
    """
    above, below = np.asarray(new, dtype=np.float64), np.asarray(old, dtype=np.float64)
    if not ((above > 0).all() and (below > 0).all()):
        return math.nan
    quotient = np.log(np.median(above)) - np.log(np.median(below))
    return float(np.exp(np.abs(np.median(np.log(above) - np.log(below)) - quotient)))


def corrected_level(level: float, judged: int) -> float:
    """Raise a confidence level so that `judged` intervals are valid together (Bonferroni)."""
    return 1 - (1 - level) / max(judged, 1)


def noise_floor(ratios: Iterable[Estimate]) -> float:
    """How far identical programs differed: the ratio farthest from 1, as a share of 1.

    Parameters
    ----------
    ratios : iterable of Estimate
        Ratios between identical programs.

    Returns
    -------
    float
        0.03 where the farthest is 1.03 or 1 / 1.03; NaN where one of them is unknown.
    """
    away = [abs(math.log(ratio.value)) if ratio.value > 0 else math.nan for ratio in ratios]
    return math.expm1(max(away)) if not any(map(math.isnan, away)) else math.nan


def two_groups(values: Any, apart: float = 1.2) -> tuple[float, float] | None:
    """Return the medians of two groups of rounds, if the rounds form two groups.

    Parameters
    ----------
    values : sequence of float
        One number per round.
    apart : float
        The smallest ratio between the medians of the groups.

    Returns
    -------
    tuple of float or None
        The medians of both groups: the sorted rounds, split at their largest gap on the log scale, with at least two
        in each.  None where the medians are closer than `apart`, or a value is not positive.
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
    """Quantiles of a histogram: each is the smallest value that at least that share of the counts does not exceed.

    Parameters
    ----------
    values, counts : array_like, shape (n,)
        Distinct values and how often each occurred.
    quantiles : sequence of float
        Shares between 0 and 1.

    Returns
    -------
    ndarray, shape (len(quantiles),)
        Observed values without interpolation (definition 1 of Hyndman and Fan, 1996).
    """
    order = np.argsort(values)
    ordered = np.asarray(values, dtype=np.float64)[order]
    cumulated = np.cumsum(np.asarray(counts, dtype=np.int64)[order])
    ranks = np.ceil(np.asarray(quantiles) * cumulated[-1]).clip(1)
    found: Floats = ordered[np.searchsorted(cumulated, ranks)]
    return found
