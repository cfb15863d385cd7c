"""Pictures of the figures that a scenario names: bars on a logarithmic scale."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.results import Results
from bench.scenario import Scenario

OURS, THEIRS, INK, PAPER, GRID = "#0b6e4f", "#9aa5b1", "#1f2933", "#ffffff", "#d9dee4"


def draw_all(measured: Sequence[tuple[Scenario, Results]], folder: Path) -> Iterator[Path]:
    """Draw what was measured, each as PNG and as SVG, and name the files."""
    folder.mkdir(parents=True, exist_ok=True)
    for scenario, results in measured:
        for case, figure, title in scenario.chart:
            values = {
                contender: value
                for contender in results.contenders(case)
                if (value := results.figure(case, contender, figure)) is not None
            }
            if values:
                yield from draw(values, title, folder / f"{scenario.name}-{case}")


def draw(values: dict[str, float], title: str, path: Path) -> Iterator[Path]:
    """Draw one bar for each contender, the smallest at the top."""
    import matplotlib as mpl

    mpl.use("svg")  # no display needed
    mpl.rcParams["svg.hashsalt"] = "hoardrun"  # the same figures draw the same file
    from matplotlib import pyplot

    names = sorted(values, key=lambda name: values[name], reverse=True)
    numbers = [values[name] for name in names]
    # A solid light background of its own: readable on light and on dark pages.
    picture, axes = pyplot.subplots(figsize=(8, 0.42 * len(names) + 1.3), facecolor=PAPER)
    axes.set_facecolor(PAPER)
    colours = [OURS if name.startswith("hoardrun") else THEIRS for name in names]
    bars = axes.barh(names, numbers, color=colours, height=0.68)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter("{x:g}")
    axes.set_xlim(min(numbers) / 2, max(numbers) * 2)
    axes.bar_label(bars, [f"{number:,.1f}" for number in numbers], padding=4, color=INK)
    axes.set_title(title, color=INK, loc="left", fontsize=11, fontweight="bold")
    axes.set_xlabel("logarithmic scale, less is better", color=INK, fontsize=9)
    axes.grid(axis="x", color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(colors=INK, length=0)
    axes.spines[:].set_visible(False)
    picture.tight_layout()
    for suffix, options in ((".png", {"dpi": 200}), (".svg", {"metadata": {"Date": None}})):
        file = path.with_suffix(suffix)
        picture.savefig(file, facecolor=PAPER, **options)
        yield file
    pyplot.close(picture)
