"""Numbers in, numbers out: no clock, no file, no process."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
from scipy import stats

from rust_daq.bench.decision import FEWEST_ROUNDS, Estimate

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
        Without an interval (NaN) when there are fewer than six rounds.

    Notes
    -----
    The percentile bootstrap of Efron (1979), from `scipy.stats.bootstrap`; BCa is undefined for a median.  The seed
    is fixed: the same rounds always give the same interval.
    """
    values = np.asarray(rounds, dtype=np.float64)
    if values.size == 0 or not np.isfinite(values).all():
        return Estimate(float("nan"), float("nan"), float("nan"), level, values.size)
    value = float(np.median(values))
    if values.size < FEWEST_ROUNDS:
        return Estimate(value, float("nan"), float("nan"), level, values.size)
    result = stats.bootstrap(
        (values,),
        np.median,
        n_resamples=RESAMPLES,
        confidence_level=level,
        method="percentile",
        rng=np.random.default_rng(SEED),
    )
    interval = result.confidence_interval
    return Estimate(value, float(interval.low), float(interval.high), level, values.size)


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
