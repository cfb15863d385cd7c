"""Ways to number events, each written to by many and tailed by one reader a stream.

Run as `python -m tests.faults.designs` in an environment with a DATABASE_URL; prints one line
of JSON. `log` is the product's own; `serial` and `horizon` are what looks right and is not: a
number is drawn before its transaction commits, so a reader that follows numbers passes over
those that commit late. `horizon` hides what is younger than the oldest open transaction, and
still loses, as the number is drawn before the transaction has its own id.
"""

from __future__ import annotations

import json
import random
import threading
import time
from argparse import ArgumentParser
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import django
from django.core.management import call_command
from django.db import connection, transaction

from tests.services.locks import somebody_waits, threads

WRITERS, STREAMS = 16, 4
ROLLED_BACK = 0.2
LONGEST_WORK_SECONDS = 0.003  # between the write and the commit
POLL_SECONDS = 0.004
PATIENT_SECONDS = 30

FIRST, SECOND = "0/1", "1/1"  # the texts of an interleaving: which writer, which of its attempts
Row = tuple[int, str]


def query(statement: str, *parameters: Any) -> list[Any]:
    """Run a statement on this thread's connection; return the rows that it has, if any."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters or None)
        return cursor.fetchall() if cursor.description else []


class Log:
    """The product's. Its number is drawn by the statement that stores the event.

    All but `prepare` and `read` run inside the caller's transaction.
    """

    contiguous = True  # it promises numbers without gaps

    def prepare(self) -> None:
        call_command("migrate", verbosity=0)

    def write(self, stream: int, text: str) -> None:
        from notifications.messages import SystemAnnouncement
        from realtime import log

        log.append([(f"user:{stream}", SystemAnnouncement(id="1", title=text, message="-"))])

    def draw(self) -> int:
        """Take a number for FIRST in stream 0, in the fewest statements."""
        self.write(0, FIRST)
        return 0  # there is nothing left to do

    def finish(self, number: int) -> None:
        """Write FIRST under its number."""

    def read(self, stream: int, after: int) -> Sequence[Row]:
        """Return number and text of what follows `after`, in the order of the numbers."""
        from tests.stored import page_after

        _, entries = page_after(f"user:{stream}", after)
        return [(entry.offset, json.loads(entry.payload)["data"]["title"]) for entry in entries]


class Serial:
    """A global sequence, tailed by `number > cursor`."""

    contiguous = False
    visible = ""

    def prepare(self) -> None:
        query(
            "CREATE TABLE numbered (number bigserial PRIMARY KEY, stream int, text text, "
            "writer xid8 DEFAULT pg_current_xact_id())"
        )
        # Once for 32 numbers a sequence writes to PostgreSQL's log, which takes an id: here.
        self.draw_one()

    def draw_one(self) -> int:
        return int(query("SELECT nextval('numbered_number_seq')")[0][0])

    def write(self, stream: int, text: str) -> None:
        query("INSERT INTO numbered (stream, text) VALUES (%s, %s)", stream, text)

    def draw(self) -> int:
        number = self.draw_one()
        found = query("SELECT pg_current_xact_id_if_assigned()")
        assert found == [(None,)], "the number gave the transaction its id"
        return number

    def finish(self, number: int) -> None:
        query("INSERT INTO numbered (number, stream, text) VALUES (%s, 0, %s)", number, FIRST)

    def read(self, stream: int, after: int) -> Sequence[Row]:
        statement = "SELECT number, text FROM numbered WHERE stream = %s AND number > %s "
        return query(f"{statement} {self.visible} ORDER BY number", stream, after)


class Horizon(Serial):
    """The same, of which only what no open transaction can precede is shown."""

    visible = "AND writer < pg_snapshot_xmin(pg_current_snapshot())"


Design = Log | Serial
DESIGNS: dict[str, type[Design]] = {"log": Log, "serial": Serial, "horizon": Horizon}


def race(design: Design, commits: int) -> dict[str, int]:
    """Let writers and readers run, and count what a reader that only goes forward has missed."""
    committed: list[set[str]] = [set() for _ in range(STREAMS)]
    seen: list[list[Row]] = [[] for _ in range(STREAMS)]
    lock, done = threading.Lock(), threading.Event()
    # SQLite has one writer at a time: work would only make the others wait.
    work_seconds = LONGEST_WORK_SECONDS if connection.vendor == "postgresql" else 0

    def write(number: int, share: int) -> None:
        rng = random.Random(number)
        made = attempts = 0
        while made < share:
            attempts += 1
            stream, text = rng.randrange(STREAMS), f"{number}/{attempts}"
            try:
                with transaction.atomic():
                    design.write(stream, text)
                    time.sleep(rng.uniform(0, work_seconds))
                    if rng.random() < ROLLED_BACK:
                        raise InterruptedError
            except InterruptedError:
                continue
            made += 1
            with lock:
                committed[stream].add(text)

    def tail(stream: int) -> None:
        last = False
        while not last:
            finished = done.is_set()
            found = design.read(stream, seen[stream][-1][0] if seen[stream] else 0)
            seen[stream] += found
            last = finished and not found
            time.sleep(POLL_SECONDS)

    with threads(STREAMS + WRITERS) as start:
        readers = [start(tail, stream) for stream in range(STREAMS)]
        writing = [
            start(write, number, commits // WRITERS + (number < commits % WRITERS))
            for number in range(WRITERS)
        ]
        try:
            for each in writing:
                each.result()
        finally:
            done.set()
        for each in readers:
            each.result()
    return judge(design, committed, seen)


def interleave(design: Design) -> dict[str, int]:
    """Let one transaction draw its number, another write and commit, and only then the first.

    The reader reads while the first is still under way. A design that is right makes the
    second wait.
    """
    drawn, may_finish = threading.Event(), threading.Event()

    def first() -> None:
        with transaction.atomic():
            number = design.draw()
            drawn.set()
            assert may_finish.wait(PATIENT_SECONDS)
            design.finish(number)

    def second() -> None:
        with transaction.atomic():
            design.write(0, SECOND)

    with threads() as start:
        one = start(first)
        assert drawn.wait(PATIENT_SECONDS)
        other = start(second)
        while not (other.done() or somebody_waits()):
            time.sleep(POLL_SECONDS)
        seen = list(design.read(0, 0))
        may_finish.set()
        one.result()
        other.result()
    seen += design.read(0, seen[-1][0] if seen else 0)
    return judge(design, [{FIRST, SECOND}], [seen])


def judge(
    design: Design, committed: Sequence[set[str]], seen: Sequence[Sequence[Row]]
) -> dict[str, int]:
    """Compare what was committed with what the readers saw, in the order in which they did."""
    result = {"committed": sum(map(len, committed)), "lost": 0, "doubled": 0, "phantom": 0}
    result |= {"inversions": 0, "gaps": 0}
    for wanted, found in zip(committed, seen, strict=True):
        texts = [text for _, text in found]
        result["lost"] += len(wanted - set(texts))
        result["phantom"] += len(set(texts) - wanted)
        result["doubled"] += len(texts) - len(set(texts))
        numbers = [0] + [number for number, _ in found]
        for before, after in pairwise(numbers):
            result["gaps"] += design.contiguous and after != before + 1
        latest: dict[str, int] = {}  # attempt by writer, each of which commits one after the other
        for text in texts:
            writer, _, attempt = text.partition("/")
            result["inversions"] += int(attempt) < latest.get(writer, 0)
            latest[writer] = int(attempt)
    return result


def main() -> None:
    parser = ArgumentParser()
    parser.add_argument("design", choices=DESIGNS)
    parser.add_argument("--commits", type=int, default=5000)
    parser.add_argument("--interleave", action="store_true")
    arguments = parser.parse_args()
    django.setup()
    design = DESIGNS[arguments.design]()
    design.prepare()
    found = interleave(design) if arguments.interleave else race(design, arguments.commits)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
