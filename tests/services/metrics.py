"""Scrapes of a server's private ports."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from prometheus_client.parser import text_string_to_metric_families

from tests.services import web


class Scrape:
    """The numbers of one scrape, or of several added up."""

    def __init__(self, *texts: str) -> None:
        self.samples: dict[str, list[tuple[Mapping[str, str], float]]] = {}
        self.types: dict[str, str] = {}
        for text in texts:
            for family in text_string_to_metric_families(text):
                self.types[family.name] = family.type
                for sample in family.samples:
                    found = self.samples.setdefault(sample.name, [])
                    found.append((sample.labels, sample.value))

    def __call__(self, name: str, **labels: str) -> float:
        """Add up all that is called so and has these labels."""
        found = self.samples.get(f"hoardrun_{name}", [])
        return sum(value for own, value in found if labels.items() <= own.items())

    def by(self, name: str, *labels: str) -> dict[tuple[str, ...], float]:
        """Add up by these labels; what is 0 is left out."""
        sums: dict[tuple[str, ...], float] = {}
        for own, value in self.samples.get(f"hoardrun_{name}", []):
            key = tuple(own[label] for label in labels)
            sums[key] = sums.get(key, 0) + value
        return {key: value for key, value in sums.items() if value}


def get(port: int, *, token: str | None = None, path: str = "/metrics") -> web.Answer:
    """Ask a private port."""
    return web.request("GET", f"http://127.0.0.1:{port}{path}", token=token)


def scrape(first_port: int, workers: int = 1) -> Scrape:
    """Scrape all workers of a server; raise OSError while one of them is not there."""
    answers = [get(first_port + number) for number in range(workers)]
    assert [answer.status for answer in answers] == [200] * workers, answers
    return Scrape(*(answer.text for answer in answers))


def answers(first_port: int, workers: int = 1) -> Callable[[], bool]:
    """Return what tells if all workers can be scraped, to wait for."""

    def ready() -> bool:
        try:
            scrape(first_port, workers)
        except OSError:
            return False
        return True

    return ready
