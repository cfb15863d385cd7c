"""Prices and volumes as whole numbers of their smallest step. Pure.

A value with `exponent` 5 is kept as the number of hundred-thousandths: 1.08620 is 108620.
"""

from __future__ import annotations

from decimal import Context, Decimal, DecimalException, Inexact, InvalidOperation

MAX_EXPONENT = 12
MAX_SCALED = 2**63 - 1  # what a BigIntegerField holds
VOLUME_EXPONENT = 8
_UNITS = [Decimal(1).scaleb(-exponent) for exponent in range(MAX_EXPONENT + 1)]
_EXACT = Context(prec=40, traps=[Inexact, InvalidOperation])  # more than a scaled number has


class Unscalable(ValueError):
    """A number that is not finite, has too many digits, or is too large to be stored."""


def scale(value: Decimal, exponent: int) -> int:
    """Return a number as whole steps. Raises Unscalable: nothing is rounded."""
    if not value.is_finite():
        raise Unscalable(f"{value} is no finite number.")
    sign, digits, power = value.as_tuple()
    if value and len(digits) + int(power) + exponent > 19:  # before a huge number is computed
        raise Unscalable(f"{value} is too large.")
    try:
        steps = value.scaleb(exponent, _EXACT)
    except DecimalException as error:
        raise Unscalable(f"{value} has too many digits.") from error
    if steps != (whole := int(steps)):
        raise Unscalable(f"{value} has more than {exponent} decimals.")
    if abs(whole) > MAX_SCALED:
        raise Unscalable(f"{value} is too large.")
    return whole


def rounded(value: Decimal, exponent: int) -> int:
    """Return a number as whole steps, the last one rounded half to even. Raises Unscalable."""
    try:
        steps = int(value.quantize(_UNITS[exponent]).scaleb(exponent))
    except (InvalidOperation, ValueError) as error:  # ValueError: of NaN
        raise Unscalable(f"{value} is no finite number, or too large.") from error
    if abs(steps) > MAX_SCALED:
        raise Unscalable(f"{value} is too large.")
    return steps


def unscale(steps: int, exponent: int) -> Decimal:
    """Return the number that so many steps are, with all its decimals."""
    return Decimal(steps).scaleb(-exponent)


def text(steps: int, exponent: int) -> str:
    """Write the number that so many steps are: with all its decimals, as prices are sent."""
    return f"{unscale(steps, exponent):f}"
