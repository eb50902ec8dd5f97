"""Does it predict what it has not seen: deviance and Brier score against the constant, reliability, lift, calibration slope.

All for events after the training years, or in blocks of ground that the training left out. A model that does not beat the
constant must say so: :class:`Skill` carries both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.errors import BadParameter

Array = NDArray[np.float64]

#: Fixed: the same data give the same intervals.
SEED = 20240501


@dataclass(frozen=True)
class Skill:
    """A loss of the model and of the constant on the same unseen events.

    Attributes
    ----------
    loss : str
        ``Poisson deviance`` per event or ``Brier score``; less is better.
    model, constant : float
        The two losses.
    low, high : float
        90 % bootstrap interval of ``constant - model``; the model is better where low > 0.

    Examples
    --------
    >>> skill = Skill("Brier score", 0.16, 0.20, 0.01, 0.06)
    >>> round(skill.saved, 2), skill.better
    (0.2, True)
    """

    loss: str
    model: float
    constant: float
    low: float
    high: float

    @property
    def saved(self) -> float:
        """Share of the constant's loss that the model saves."""
        return 1 - self.model / self.constant

    @property
    def better(self) -> bool:
        """Whether the model beats the constant beyond chance."""
        return self.low > 0


@dataclass(frozen=True)
class Slope:
    """Slope of observed against predicted on the log scale: 1 is calibrated, below 1 too bold, above 1 too timid.

    Examples
    --------
    >>> bold = Slope(0.6, 0.4, 0.8)
    >>> bold.low <= 1.0 <= bold.high
    False
    """

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Reliability:
    """Observed against predicted in groups of about equal exposure, from the lowest prediction to the highest.

    Examples
    --------
    >>> found = reliability([1, 4], [10.0, 10.0], [0.1, 0.4], groups=2)
    >>> found.predicted.tolist(), found.observed.tolist(), found.high.round(2).tolist()
    ([0.1, 0.4], [0.1, 0.4], [0.47, 0.92])
    """

    predicted: Array
    observed: Array
    low: Array
    high: Array
    events: Array


def poisson_deviance(n: ArrayLike, mu: ArrayLike) -> float:
    """``2 Σ [n ln(n/µ) − (n − µ)]`` (McCullagh and Nelder 1989, section 2.3).

    >>> poisson_deviance([2.0, 0.0], [2.0, 0.0 + 1.0])
    2.0
    """
    counts, expected = np.asarray(n, np.float64), np.asarray(mu, np.float64)
    ratio = np.divide(counts, expected, out=np.ones_like(expected), where=counts > 0)
    return float(2 * (counts * np.log(ratio) - (counts - expected)).sum())


def brier(y: ArrayLike, p: ArrayLike) -> float:
    """Mean of ``(p − y)²`` (Brier 1950).

    >>> brier([1, 0], [0.5, 0.5])
    0.25
    """
    return float(np.mean(np.square(np.asarray(p, np.float64) - np.asarray(y, np.float64))))


def rate_skill(n: ArrayLike, exposure: ArrayLike, rate: ArrayLike, constant: float, *, draws: int = 400) -> Skill:
    """Poisson deviance of predicted rates against one constant rate, per event.

    Both predictions are brought to the observed total: what is judged is where, not how many, since the multiplier is
    budget-neutral in use.

    Examples
    --------
    >>> skill = rate_skill([40, 10], [100.0, 100.0], [0.4, 0.1], 0.25)
    >>> round(float(skill.model), 3), round(float(skill.constant), 3), skill.better
    (0.0, 0.385, True)
    """
    counts, e, mu = (np.asarray(a, np.float64) for a in (n, exposure, rate))

    def losses(k: Array) -> tuple[float, float]:
        fitted, flat = mu * e * k.sum() / (mu * e).sum(), constant * e * k.sum() / (constant * e).sum()
        return poisson_deviance(k, fitted) / k.sum(), poisson_deviance(k, flat) / k.sum()

    model, flat = losses(counts)
    gains = [c - m for m, c in map(losses, _resampled_counts(counts, draws))]
    return Skill("Poisson deviance", model, flat, *_interval(gains))


def probability_skill(y: ArrayLike, p: ArrayLike, constant: float, *, draws: int = 400) -> Skill:
    """Brier score of predicted probabilities against one constant probability.

    Examples
    --------
    >>> y, p = np.repeat([1, 0], 50), np.repeat([0.8, 0.2], 50)
    >>> skill = probability_skill(y, p, 0.5)
    >>> round(skill.model, 3), round(skill.constant, 3), skill.better
    (0.04, 0.25, True)
    """
    seen, predicted = np.asarray(y, np.float64), np.asarray(p, np.float64)
    flat = np.full_like(seen, constant)
    gains = [brier(seen[i], flat[i]) - brier(seen[i], predicted[i]) for i in _resampled_rows(len(seen), draws)]
    return Skill("Brier score", brier(seen, predicted), brier(seen, flat), *_interval(gains))


def rate_slope(n: ArrayLike, exposure: ArrayLike, rate: ArrayLike, *, draws: int = 200) -> Slope:
    """Slope b of ``ln µ = a + b·ln(rate) + ln(exposure)``, with a 90 % bootstrap interval.

    Examples
    --------
    >>> slope = rate_slope([40, 10], [100.0, 100.0], [0.4, 0.1])
    >>> round(slope.value, 3), slope.low < 1.0 < slope.high
    (1.0, True)
    """
    counts, e, x = np.asarray(n, np.float64), np.asarray(exposure, np.float64), np.log(np.asarray(rate, np.float64))
    keep = e > 0
    counts, e, x = counts[keep], e[keep], x[keep]
    def fit(k: Array) -> float:
        return _slope(k, x, lambda eta: e * np.exp(eta), lambda mu: mu, float(np.log(k.sum() / e.sum())))

    return Slope(fit(counts), *_interval([fit(k) for k in _resampled_counts(counts, draws)]))


def probability_slope(y: ArrayLike, p: ArrayLike, *, draws: int = 200) -> Slope:
    """Slope b of ``logit P = a + b·logit(p)`` (Cox 1958), with a 90 % bootstrap interval.

    Examples
    --------
    >>> y = np.concatenate([np.ones(80), np.zeros(20), np.ones(20), np.zeros(80)])
    >>> round(probability_slope(y, np.repeat([0.8, 0.2], 100)).value, 3)
    1.0
    """
    seen, q = np.asarray(y, np.float64), np.asarray(p, np.float64)
    x = np.log(q / (1 - q))

    def fit(rows: NDArray[np.int64]) -> float:
        return _slope(seen[rows], x[rows], lambda eta: 1 / (1 + np.exp(-eta)), lambda mu: mu * (1 - mu), 0.0)

    return Slope(fit(np.arange(len(seen))), *_interval([fit(rows) for rows in _resampled_rows(len(seen), draws)]))


def _slope(target: Array, x: Array, mean: Callable[[Array], Array], variance: Callable[[Array], Array], start: float) -> float:
    """Slope of a generalised linear model with canonical link and one predictor, by Newton's method from the level `start`."""
    design = np.stack([np.ones_like(x), x - x.mean()], axis=1)
    beta = np.array([start, 0.0])
    for _ in range(100):
        mu = mean(design @ beta)
        hessian = design.T @ (design * variance(mu)[:, None]) + 1e-9 * np.eye(2)
        step = np.clip(np.linalg.solve(hessian, design.T @ (target - mu)), -1.0, 1.0)
        beta = beta + step
        if np.abs(step).max() < 1e-10:
            break
    return float(beta[1])


def reliability(events: ArrayLike, exposure: ArrayLike, predicted: ArrayLike, groups: int = 5) -> Reliability:
    """Observed against predicted in groups of about equal exposure; observed with the 90 % interval of a Poisson count.

    Parameters
    ----------
    events, exposure, predicted : array_like
        Counts (or outcomes), exposure (1 for each event of a probability model) and prediction of every row.

    Examples
    --------
    >>> found = reliability([1, 4], [10.0, 10.0], [0.15, 0.35], groups=2)
    >>> found.observed.tolist(), found.low.round(3).tolist(), found.high.round(3).tolist()
    ([0.1, 0.4], [0.005, 0.137], [0.474, 0.915])
    """
    n, e, mu = (np.asarray(a, np.float64) for a in (events, exposure, predicted))
    order = np.argsort(mu, kind="stable")
    n, e, mu = n[order], e[order], mu[order]
    middle = np.cumsum(e) - e / 2
    group = np.minimum((middle / e.sum() * groups).astype(np.int64), groups - 1)
    seen = np.bincount(group, e, groups) > 0
    weight, count, summed = (np.bincount(group, a, groups).astype(np.float64)[seen] for a in (e, n, e * mu))
    low, high = _poisson_interval(count)
    return Reliability(summed / weight, count / weight, low / weight, high / weight, count)


def _poisson_interval(count: Array) -> tuple[Array, Array]:
    """Exact 90 % interval of a Poisson mean (Garwood 1936)."""
    from scipy.stats import chi2

    low = np.where(count > 0, chi2.ppf(0.05, 2 * np.maximum(count, 0.5)) / 2, 0.0)
    return np.asarray(low), np.asarray(chi2.ppf(0.95, 2 * count + 2) / 2)


def gain_curve(events: ArrayLike, exposure: ArrayLike, predicted: ArrayLike) -> tuple[Array, Array]:
    """Share of the exposure, from the highest prediction down, and share of the events in it; both from 0 to 1.

    Examples
    --------
    >>> exposed, found = gain_curve([3.0, 1.0], [50.0, 50.0], [2.0, 1.0])
    >>> exposed.tolist(), found.tolist()
    ([0.0, 0.5, 1.0], [0.0, 0.75, 1.0])
    """
    _, tied = np.unique(-np.asarray(predicted, np.float64), return_inverse=True)
    count = np.bincount(tied, np.asarray(events, np.float64))
    weight = np.bincount(tied, np.asarray(exposure, np.float64))
    return np.insert(np.cumsum(weight), 0, 0.0) / weight.sum(), np.insert(np.cumsum(count), 0, 0.0) / count.sum()


def lift(events: ArrayLike, exposure: ArrayLike, predicted: ArrayLike, share: float) -> float:
    """Share of the events in the `share` of the exposure with the highest predictions, over `share`: 1 is no better than chance.

    Rows of equal prediction count as one, and the row at the border counts in part.

    >>> lift([3.0, 1.0], [50.0, 50.0], [2.0, 1.0], 0.5)
    1.5
    """
    if not 0 < share < 1:
        raise BadParameter("份额必须在 0 与 1 之间", "the share must lie between 0 and 1")
    return float(np.interp(share, *gain_curve(events, exposure, predicted)) / share)


def lift_interval(events: ArrayLike, exposure: ArrayLike, predicted: ArrayLike, share: float, *,
                  draws: int = 200) -> tuple[float, float]:
    """90 % bootstrap interval of :func:`lift`.

    Examples
    --------
    >>> low, high = lift_interval([30.0, 10.0], [50.0, 50.0], [2.0, 1.0], 0.5)
    >>> low < 1.5 < high
    True
    """
    counts = np.asarray(events, np.float64)
    return _interval([lift(k, exposure, predicted, share) for k in _resampled_counts(counts, draws) if k.sum() > 0])


def _resampled_counts(counts: Array, draws: int) -> Iterator[Array]:
    """Events drawn again from the events, as many, cell by cell."""
    random = np.random.default_rng(SEED)
    total = int(counts.sum())
    for _ in range(draws):
        yield random.multinomial(total, counts / counts.sum()).astype(np.float64)


def _resampled_rows(rows: int, draws: int) -> Iterator[NDArray[np.int64]]:
    random = np.random.default_rng(SEED)
    for _ in range(draws):
        yield random.integers(0, rows, rows)


def _interval(values: list[float]) -> tuple[float, float]:
    low, high = np.quantile(np.asarray(values), [0.05, 0.95])
    return float(low), float(high)
