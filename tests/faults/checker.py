"""Compares what was committed, what was promised to producers, and what devices applied.

It shares no code with the product: it reads the tables by raw SQL, and the files that
producers and devices wrote. Every verdict counts violations; examples say what was seen.
"""

from __future__ import annotations

import bisect
import math
from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.faults import journal, truth
from tests.faults.journal import canary_user
from tests.faults.truth import Stream, Truth
from tests.services.proof import outcome

VERDICTS = {
    "lost": "committed, and a device went past it or never got it",
    "phantom": "delivered or stored, and never committed",
    "doubled": "applied twice by a device, or stored twice",
    "reordered": "applied after a later one",
    "gap": "applied without the one before it",
    "wrong_user": "delivered to somebody else",
    "missing": "answered as committed, and not in the log",
    "partial": "one transaction, of which only a part is in the log",
    "log_gap": "a hole among a stream's offsets, or in what retention took",
    "rows": "a row without its event, or an event without its row",
    "cursor": "an acknowledgement that is not stored, or ahead of the device",
    "content": "another event at this offset than the log has",
    "resync": "a device was told to resynchronise without a reason",
    "stuck": "a device that is behind at the end",
    "unaware": "a device that was not told that its past is gone",
}


class Verdict(outcome.Verdict):
    """Counts what VERDICTS names."""

    names = VERDICTS


class Checker:
    """Checks one run. `reasons` says why, and since when, a resynchronisation may have come."""

    def __init__(
        self, found: Truth, folder: Path, reasons: Mapping[str, float] | None = None
    ) -> None:
        self._truth = found
        self._reasons = dict(reasons or {})
        # Commits of a primary that a standby has replaced: gone by definition. A device may
        # have had it, in an epoch that is over.
        self._lost = truth.lost(folder)
        self._lost_texts = {text for _, _, text in self._lost}
        self._ledgers = sorted(folder.glob("ledger-*.jsonl"))
        self._journals = sorted(folder.glob("journal-*.jsonl"))
        self.verdict = Verdict()
        self._stored: Counter[str] = Counter()  # events in the log, by canary
        self._failed: set[str] = set()
        self._committed: dict[str, list[tuple[float, int]]] = defaultdict(list)
        self._applied: dict[tuple[str, str], tuple[list[int], list[float]]] = {}
        self._places: dict[tuple[str, str], int] = {}
        self._reached: dict[tuple[str, str], tuple[list[int], list[float]]] = {}
        self._own: dict[str, int] = {}
        self._epochs: dict[tuple[str, str], str] = {}
        self._modes: dict[str, str] = {}  # the way in which each device got its connection
        self._sent: dict[tuple[str, int, str], int] = {}  # the highest on each connection

    def run(self) -> Verdict:
        """Check everything."""
        self._check_log()
        self._check_ledgers()
        for path in self._journals:
            self._check_journal(path)
        self._check_ends()
        events = sum(stream.head for stream in self._truth.streams.values())
        self.verdict.figures |= {"events": events, "devices": len(self._own)}
        return self.verdict

    # -- the log

    def _check_log(self) -> None:
        seen = self._stored
        for stream in self._truth.streams.values():
            wanted = range(stream.floor + 1, stream.head + 1)
            if sorted(stream.events) != list(wanted):
                self.verdict.add("log_gap", f"{stream.name}: not {wanted}")
            if sorted(stream.taken) != list(range(1, stream.floor + 1)):
                self.verdict.add("log_gap", f"{stream.name}: trimmed not up to {stream.floor}")
            user = stream.name.partition(":")[2]
            for kept in (stream.events, stream.taken):
                seen.update(kept.values())
                for offset, text in kept.items():
                    if str(canary_user(text) or "") != user:
                        self.verdict.add("wrong_user", f"{stream.name}#{offset} holds {text}")
        for text, count in seen.items():
            if count > 1:
                self.verdict.add("doubled", f"{text} is in the log {count} times", count - 1)
        for text, count in self._truth.rows.items():
            if count != seen[text]:
                self.verdict.add("rows", f"{text}: {count} rows, {seen[text]} events")
        for text in self._truth.row_events - self._truth.rows.keys():
            self.verdict.add("rows", f"{text}: an event without its row")

    # -- what producers were told

    def _check_ledgers(self) -> None:
        outcomes: Counter[str] = Counter()
        for path in self._ledgers:
            begun: dict[str, list[list[str]]] = {}
            for line in journal.read(path):
                if line[0] == "begin":
                    begun[line[2]] = line[3]
                elif line[0] == "end":
                    _, moment, attempt, verdict, entries = line
                    outcomes[verdict] += 1
                    self._check_attempt(begun.pop(attempt), verdict, entries)
                    if verdict == "ok":
                        for stream, text, _, offset in entries:
                            if (stream, offset, text) not in self._lost:
                                self._committed[stream].append((moment, offset))
                elif line[0] == "done":
                    longest = self.verdict.figures.get("longest_call", 0.0)
                    self.verdict.figures["longest_call"] = max(longest, line[2]["longest_call"])
            outcomes["killed"] += len(begun)
            for events in begun.values():
                self._check_attempt(events, "unknown", [])
        self.verdict.figures["attempts"] = dict(outcomes)

    def _check_attempt(
        self, events: list[list[str]], verdict: str, entries: list[list[Any]]
    ) -> None:
        texts = [text for _, text in events]
        stored = [text for text in texts if self._stored[text]]
        if verdict == "failed":
            self._failed.update(texts)
            for text in stored:
                self.verdict.add("phantom", f"{text} was rolled back and is in the log")
        elif 0 < len(stored) < len(texts):
            self.verdict.add("partial", f"{len(stored)} of {len(texts)} of {texts[0]}")
        if verdict != "ok":
            return
        for text in texts:
            if not self._stored[text] and text not in self._lost_texts:
                self.verdict.add("missing", f"{text} was committed and is not in the log")
        for name, text, _, offset in entries:
            stream = self._truth.streams.get(name)
            if (name, offset, text) in self._lost:
                continue
            if stream is None or stream.said(offset) != text:
                self.verdict.add("missing", f"{text} was to be {name}#{offset}")

    # -- what devices applied

    def _check_journal(self, path: Path) -> None:
        resyncs: Counter[str] = Counter()
        closes: Counter[str] = Counter()
        delivered = again = answered = 0
        acked: dict[tuple[str, str], tuple[str, int]] = {}
        for line in journal.read(path):
            kind, moment, device = line[0], line[1], line[2]
            if kind == "open":
                _, _, _, _, told, places, self._modes[device], own = line
                self._own[device] = own
                if told != own:
                    self.verdict.add("wrong_user", f"{device} of {own} was greeted as {told}")
                if places.keys() != {f"user:{own}", "announcements"}:
                    self.verdict.add("wrong_user", f"{device} of {own} follows {[*places]}")
                for stream, (epoch, offset) in places.items():
                    if (device, stream) not in self._places:  # earlier events are not for it
                        self._places[device, stream] = offset
                        self._epochs[device, stream] = epoch
                        self._reach(device, stream, offset, moment)
            elif kind == "event":
                delivered += 1
                self._check_event(device, moment, *line[4:])
                self._check_once(device, line[3], *line[4:])
            elif kind == "again":
                again += 1
                self._check_again(device, *line[4:])
                self._check_once(device, line[3], *line[4:])
            elif kind == "foreign":
                self.verdict.add("wrong_user", f"{device} was sent {line[4:]}")
            elif kind == "resync":
                _, _, _, conn, stream, reason, epoch, offset = line
                resyncs[reason] += 1
                self._check_resync(device, moment, stream, reason, epoch, acked)
                self._epochs[device, stream] = epoch
                self._sent[device, conn, stream] = offset
                self._places[device, stream] = offset
                self._put_back(device, stream, offset)
                self._reach(device, stream, offset, moment)
            elif kind == "acked":
                answered += 1
                before = acked.get((device, line[4]), ("", -1))
                if before[0] != line[5] or before[1] < line[6]:  # they come in any order
                    acked[device, line[4]] = (line[5], line[6])
            elif kind == "close":
                closes[str(line[4])] += 1
        for key, (epoch, offset) in acked.items():
            if self._lost and epoch != self._truth.streams[key[1]].epoch:
                continue  # it may have been lost with the primary that stored it
            at_epoch, at = self._truth.cursors.get(key, ("", -1))
            if at_epoch == epoch and at < offset:
                self.verdict.add("cursor", f"{key}: told {offset}, stored {at}")
            elif not at_epoch:
                self.verdict.add("cursor", f"{key}: told {offset}, nothing stored")
        figures = self.verdict.figures
        figures["delivered"] = figures.get("delivered", 0) + delivered
        figures["again"] = figures.get("again", 0) + again
        figures["acked"] = figures.get("acked", 0) + answered
        figures["resyncs"] = dict(Counter(figures.get("resyncs", {})) + resyncs)
        figures["closes"] = dict(Counter(figures.get("closes", {})) + closes)

    def _check_again(self, device: str, name: str, epoch: str, offset: int, text: str) -> None:
        """Check that an event dropped by its number is the device's own, and the one in the log."""
        where = f"{device}: {name}#{offset} {text}, again"
        if canary_user(text) not in {None, self._own[device]}:
            self.verdict.add("wrong_user", where)
        self._check_content(self._truth.streams[name], where, epoch, offset, text)

    def _check_once(
        self, device: str, conn: int, name: str, epoch: str, offset: int, text: str
    ) -> None:
        """On one connection the server says nothing twice, even what the device would drop."""
        before = self._sent.get((device, conn, name), -1)
        if offset <= before:
            self.verdict.add("doubled", f"{device}: {name}#{offset} after {before} on one socket")
        self._sent[device, conn, name] = max(offset, before)

    def _check_resync(
        self,
        device: str,
        moment: float,
        name: str,
        reason: str,
        epoch: str,
        acked: Mapping[tuple[str, str], tuple[str, int]],
    ) -> None:
        """A reason holds for a device only if the log says so of where this device stood."""
        at, known = self._places[device, name], self._epochs[device, name]
        if self._modes[device] == "device":  # the server goes by its acknowledgements
            known, at = "", acked.get((device, name), ("", -1))[1]
        wrong = (
            moment < self._reasons.get(reason, math.inf)
            or (reason == "trimmed" and at >= self._truth.streams[name].floor)
            or (reason == "epoch" and epoch == known)
        )
        if wrong:
            self.verdict.add("resync", f"{device} at {at}: {name}, {reason}")

    def _check_event(
        self, device: str, moment: float, name: str, epoch: str, offset: int, text: str
    ) -> None:
        where = f"{device}: {name}#{offset} {text}"
        stream = self._truth.streams.get(name)
        if canary_user(text) not in {None, self._own[device]}:
            self.verdict.add("wrong_user", where)
        if text in self._failed:
            self.verdict.add("phantom", f"{where} was rolled back")
        if stream is None:
            self.verdict.add("phantom", f"{where}: no such stream")
            return
        self._check_content(stream, where, epoch, offset, text)
        offsets, moments = self._applied.setdefault((device, name), ([], []))
        at = self._places[device, name]
        if offset <= at:
            index = bisect.bisect_left(offsets, offset)
            twice = index < len(offsets) and offsets[index] == offset
            self.verdict.add("doubled" if twice else "reordered", where)
            return
        if offset > at + 1:
            self.verdict.add("gap", f"{where} after {at}")
            self.verdict.add("lost", f"{device}: {name}#{at + 1}-{offset - 1}", offset - at - 1)
        self._places[device, name] = offset
        self._reach(device, name, offset, moment)
        offsets.append(offset)
        moments.append(moment)

    def _reach(self, device: str, name: str, offset: int, moment: float) -> None:
        """Note when a device had everything up to an offset, or was told to do without."""
        offsets, moments = self._reached.setdefault((device, name), ([], []))
        if not offsets or offset > offsets[-1]:
            offsets.append(offset)
            moments.append(moment)

    def _put_back(self, device: str, name: str, offset: int) -> None:
        """Forget what a device had above an offset: those numbers are given again."""
        for noted in (self._applied, self._reached):
            offsets, moments = noted.get((device, name), ([], []))
            while offsets and offsets[-1] > offset:
                offsets.pop()
                moments.pop()

    def _check_content(
        self, stream: Stream, where: str, epoch: str, offset: int, text: str
    ) -> None:
        if epoch != stream.epoch and (stream.name, offset, text) in self._lost:
            return
        if (said := stream.said(offset)) != text:
            kind = "phantom" if said is None else "content"
            self.verdict.add(kind, f"{where}: the log has {said}")
        if epoch != stream.epoch and "epoch" not in self._reasons:
            self.verdict.add("content", f"{where}: of epoch {epoch}, not {stream.epoch}")

    def _check_ends(self) -> None:
        for (device, name), at in self._places.items():
            stream = self._truth.streams[name]
            if at < stream.head:
                self.verdict.add("stuck", f"{device}: {name} at {at} of {stream.head}")
                self.verdict.add("lost", f"{device}: {name}#{at + 1}-", stream.head - at)
            if (known := self._epochs[device, name]) != stream.epoch:
                self.verdict.add("unaware", f"{device}: {name} in {known}, not {stream.epoch}")
        for (device, name), (epoch, acked) in self._truth.cursors.items():
            at = self._places.get((device, name), acked)
            if acked > at and epoch == self._truth.streams[name].epoch:
                self.verdict.add("cursor", f"{device}: {name} stored {acked}, is at {at}")

    # -- how long it took

    def latencies(self, since: float = 0.0) -> list[float]:
        """Return the seconds from each commit to each device that got it, sorted.

        Of those only that were committed after `since`.
        """
        committed = {
            (stream, offset): moment
            for stream, found in self._committed.items()
            for moment, offset in found
            if moment >= since
        }
        return sorted(
            max(0.0, moment - committed[name, offset])
            for (_, name), applied in self._applied.items()
            for offset, moment in zip(*applied, strict=True)
            if (name, offset) in committed
        )

    def caught_up(self, healed_at: float) -> dict[str, float]:
        """Return the seconds until each device that was behind then had all of that time."""
        wanted: Mapping[str, int] = {
            stream: max((offset for moment, offset in found if moment <= healed_at), default=0)
            for stream, found in self._committed.items()
        }
        took: dict[str, float] = {}
        for (device, name), (offsets, moments) in self._reached.items():
            index = bisect.bisect_left(offsets, wanted.get(name, 0))
            reached = moments[index] if index < len(offsets) else math.inf
            if reached > healed_at:
                took[device] = max(took.get(device, 0.0), reached - healed_at)
        return took


def check(database_url: str, folder: Path, reasons: Mapping[str, float] | None = None) -> Checker:
    """Check a finished run; its verdict is `.verdict`."""
    checker = Checker(truth.read(database_url), folder, reasons)
    checker.run()
    return checker
