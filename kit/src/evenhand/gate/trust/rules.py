"""The rules by which common benchmark tools report a change, each from its tool's documentation or source.

They receive the median of each process, because the gate stores no more.  ``old`` and ``new`` are nanoseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import scipy

Sample = Sequence[float] | npt.NDArray[np.float64]
ERROR = 0.05
PYTEST_BENCHMARK = 0.05
"""The threshold in its documentation: ``--benchmark-compare-fail=median:5%``."""
ASV_FACTOR, ASV_P = 1.1, 0.002
CRITERION_NOISE, CRITERION_RESAMPLES = 0.01, 2_000
SEED = 20_061_125


def pyperf(old: Sample, new: Sample) -> bool:
    """Apply the rule of pyperf's ``compare_to``: Student's t-test of the means, two-tailed, at 95 %."""
    return bool(scipy.stats.ttest_ind(old, new).pvalue < ERROR)


def pytest_benchmark_median(old: Sample, new: Sample) -> bool:
    """Apply a rule of pytest-benchmark: the median grew by more than 5 %."""
    return bool(np.median(new) > (1 + PYTEST_BENCHMARK) * np.median(old))


def pytest_benchmark_min(old: Sample, new: Sample) -> bool:
    """Apply a rule of pytest-benchmark: the minimum grew by more than 5 %."""
    return bool(np.min(new) > (1 + PYTEST_BENCHMARK) * np.min(old))


def asv(old: Sample, new: Sample) -> bool:
    """Apply the rule of asv's ``continuous``: medians that differ by a factor of 1.1, and a Mann-Whitney test."""
    ratio = float(np.median(new) / np.median(old))
    differs = scipy.stats.mannwhitneyu(old, new).pvalue < ASV_P
    return bool(differs and (ratio > ASV_FACTOR or ratio < 1 / ASV_FACTOR))


def criterion(old: Sample, new: Sample) -> bool:
    """Apply Criterion's rule: a bootstrapped t-test at 5 %, and an interval of the mean's change beyond 1 % noise."""
    before, after = np.asarray(old, dtype=np.float64), np.asarray(new, dtype=np.float64)
    random = np.random.default_rng(SEED)
    together = np.concatenate([before, after])
    drawn = random.choice(together, (CRITERION_RESAMPLES, together.size))
    resampled = welch(drawn[:, before.size :], drawn[:, : before.size])
    p_value = np.mean(np.abs(resampled) >= abs(float(welch(after[None], before[None])[0])))
    means = (
        random.choice(after, (CRITERION_RESAMPLES, after.size)).mean(axis=1)
        / random.choice(before, (CRITERION_RESAMPLES, before.size)).mean(axis=1)
        - 1
    )
    low, high = np.percentile(means, [2.5, 97.5])
    return bool(p_value < ERROR and (low > CRITERION_NOISE or high < -CRITERION_NOISE))


def welch(first: npt.NDArray[np.float64], second: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the t statistic of each pair of rows."""
    spread = first.var(axis=1, ddof=1) / first.shape[1] + second.var(axis=1, ddof=1) / second.shape[1]
    statistic: npt.NDArray[np.float64] = (first.mean(axis=1) - second.mean(axis=1)) / np.sqrt(
        np.maximum(spread, 1e-300)
    )
    return statistic


RULES: Mapping[str, Callable[[Sample, Sample], bool]] = {
    "pyperf, t-test": pyperf,
    "Criterion, bootstrap": criterion,
    "pytest-benchmark, median 5 %": pytest_benchmark_median,
    "pytest-benchmark, min 5 %": pytest_benchmark_min,
    "asv, factor 1.1": asv,
}
