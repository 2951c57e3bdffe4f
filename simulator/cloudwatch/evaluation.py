"""What an alarm makes of its metric's values. CloudWatch guide, "Evaluating an alarm"."""

from collections.abc import Callable, Mapping, Sequence

STATISTICS: Mapping[str, Callable[[Sequence[float]], float]] = {"Maximum": max, "Minimum": min, "Sum": sum}
COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "GreaterThanThreshold": float.__gt__,
    "GreaterThanOrEqualToThreshold": float.__ge__,
    "LessThanThreshold": float.__lt__,
    "LessThanOrEqualToThreshold": float.__le__,
}
# TreatMissingData -> whether a period without a value counts as breaching.
MISSING: Mapping[str, bool] = {"breaching": True, "notBreaching": False}


def is_alarm(
    periods: Sequence[Sequence[float]],
    statistic: str,
    comparison: str,
    threshold: float,
    missing: str,
    needed: int,
) -> bool:
    """Whether so many of the periods breach; periods: the values of each.

    CloudWatch looks further back for values where periods lack them, and may so ring later; that is left out.
    """
    breaching = [
        COMPARISONS[comparison](float(STATISTICS[statistic](values)), float(threshold))
        if values
        else MISSING[missing]
        for values in periods
    ]
    return sum(breaching) >= needed
