"""Means and how far they can be trusted."""

from __future__ import annotations

import numpy as np

RESAMPLES = 10_000


def interval(values: list[float]) -> dict[str, float]:
    """The mean and its 95 % interval: of means of documents drawn with replacement."""
    array = np.array(values)
    drawn = np.random.default_rng(0).integers(len(array), size=(RESAMPLES, len(array)))
    low, high = np.percentile(array[drawn].mean(1), [2.5, 97.5])
    return {"mean": float(array.mean()), "low": float(low), "high": float(high)}
