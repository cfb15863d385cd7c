"""The stored unit costs, each with when, of which commit and where it was measured."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from bench.scale.catalogue import BY_NAME, UNITS, Source, Unit


@dataclass(frozen=True)
class Measured:
    """A stored unit cost: its value, and when, of which commit and where it was measured."""

    value: float
    commit: str
    measured_at: str
    machine: str
    rounds: int
    quick: bool = False


@dataclass
class Units:
    """All stored unit costs, by name; the model reads them as attributes."""

    measured: dict[str, Measured] = field(default_factory=dict)

    def __getattr__(self, name: str) -> float:
        try:
            return self.__dict__["measured"][name].value  # type: ignore[no-any-return]
        except KeyError:
            raise AttributeError(f"the unit cost {name} was not measured") from None

    def missing(self) -> list[Unit]:
        """List the unit costs without a measured value."""
        return [unit for unit in UNITS if unit.name not in self.measured]

    def take(self, results: Mapping[str, Any]) -> list[str]:
        """Take over all that is in results of the bench; return the names."""
        machine = results["machine"]
        taken = []
        for unit in UNITS:
            found = [_look(results["scenarios"], source) for source in unit.sources]
            if any(value is None for value, _ in found):
                continue
            self.measured[unit.name] = Measured(
                value=float(f"{sum(value for value, _ in found if value is not None):.4g}"),
                commit=machine["commit"],
                measured_at=machine["measured_at"],
                machine=f"{machine['cores']} cores of {machine['cpu']}, Linux {machine['kernel']}",
                rounds=min(rounds for _, rounds in found),
                quick=results["quick"],
            )
            taken.append(unit.name)
        return taken

    def plain(self) -> dict[str, Any]:
        """Return them as JSON has them, in the order of UNITS."""
        return {
            unit.name: {
                "what": unit.what,
                "measure": unit.measure,
                **asdict(self.measured[unit.name]),
            }
            for unit in UNITS
            if unit.name in self.measured
        }

    @classmethod
    def read(cls, content: Mapping[str, Mapping[str, Any]]) -> Units:
        """Read what `plain` has made; what is no unit any more is dropped."""
        names = Measured.__dataclass_fields__
        return cls(
            {
                name: Measured(**{key: value for key, value in stored.items() if key in names})
                for name, stored in content.items()
                if name in BY_NAME
            }
        )


def scenarios_of(units: Iterable[Unit]) -> list[str]:
    """Name the scenarios that measure these."""
    return list(dict.fromkeys(source.scenario for unit in units for source in unit.sources))


def _look(scenarios: Mapping[str, Any], source: Source) -> tuple[float | None, int]:
    """Return the median of a figure times its factor, and of how many rounds it is."""
    found = scenarios.get(source.scenario, {})
    value = (
        found.get("medians", {}).get(source.case, {}).get(source.contender, {}).get(source.figure)
    )
    if value is None:
        return None, 0
    rounds = sum(
        (sample["case"], sample["contender"]) == (source.case, source.contender)
        for sample in found["samples"]
    )
    return float(value) * source.factor, rounds
