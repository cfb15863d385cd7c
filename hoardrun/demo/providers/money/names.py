"""Whose wallet a number is. Pure."""

from __future__ import annotations

_GIVEN = ("Amina", "Brian", "Chidi", "Diana", "Esther", "Farid", "Grace", "Hassan", "Ivy", "Joseph")
_FAMILY = ("Achieng", "Bukenya", "Chebet", "Desta", "Kamau", "Mwangi", "Nakato", "Okello", "Wafula")


def name_of(number: str) -> tuple[str, str]:
    """Return given and family name, the same each time."""
    digits = int(number or 0)
    return _GIVEN[digits % len(_GIVEN)], _FAMILY[digits // 10 % len(_FAMILY)]
