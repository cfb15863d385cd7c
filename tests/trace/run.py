"""Play all reasons, ask for a trace of each event, and judge what it says."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.trace import case as cases_
from tests.trace.case import Case
from tests.trace.judging import Said, of_other, of_target, said_of
from tests.trace.plan import NAMED_SHARE, Outcome, Plan, Tally, Verdict
from tests.trace.reasons import COMES_AT_LAST, REASONS
from tests.trace.world import World, world

BATCH = 25  # runs that are played at a time


def run(plan: Plan, folder: Path, say: Callable[[str], None]) -> Outcome:
    """Carry out a plan; `say` gets a line a reason."""
    chosen = list(plan.nemeses) or list(REASONS)
    if unknown := sorted(set(chosen) - REASONS.keys()):
        raise ValueError(f"no such reason: {', '.join(unknown)}")
    began = time.monotonic()
    outcome = Outcome(plan, Verdict(), Counter(), [], 0.0, settled=True, phases={})
    with world(folder, plan.bug) as deployment:
        asyncio.run(_Run(plan, deployment, outcome, say).all(chosen))
        outcome.problems += deployment.cluster.problems()
    outcome.seconds = time.monotonic() - began
    return outcome


class _Run:
    def __init__(
        self, plan: Plan, deployment: World, outcome: Outcome, say: Callable[[str], None]
    ) -> None:
        self._plan, self._world, self._outcome, self._say = plan, deployment, outcome, say

    async def all(self, reasons: Sequence[str]) -> None:
        """Play one reason after the other."""
        for reason in reasons:
            began = time.monotonic()
            tally = self._outcome.tallies[reason] = Tally()
            for first in range(0, self._plan.runs, BATCH):
                numbers = range(first, min(first + BATCH, self._plan.runs))
                users = await self._world.users(len(numbers))
                await self._play(cases_.make(reason, numbers, users, self._plan.seed), tally)
            tally.seconds = self._outcome.phases[reason] = time.monotonic() - began
            self._outcome.faults[reason] = tally.runs
            if tally.named < NAMED_SHARE * tally.runs:
                text = f"{reason}: {tally.named} of {tally.runs} named"
                self._outcome.verdict.add("unnamed", text)
            self._say(
                f"{reason:<14} {tally.named:4} named {tally.unknown:3} unknown "
                f"{tally.wrong:3} wrong of {tally.runs}, {tally.seconds:.0f} s"
            )

    async def _play(self, cases: Sequence[Case], tally: Tally) -> None:
        reason = cases[0].reason
        async with REASONS[reason](self._world, cases):
            for case in (case for case in cases if case.is_played):
                if self._plan.evidence:
                    await self._show(case)
                else:
                    await self._judge(case, tally)
        if reason in COMES_AT_LAST and not self._plan.evidence:
            await self._return([case for case in cases if case.is_played and case.wants_return])
        for case in cases:
            for device in case.devices:
                if device.is_connected:
                    await device.leave(politely=True)

    async def _show(self, case: Case) -> None:
        found = await self._world.ask("evidence", user=case.user)
        self._say(f"\n{case}, event {case.event[1]}; on the wire: {case.target.seen()}")
        for table, rows in found.items():
            for row in rows:
                self._say(f"  {table}: " + ", ".join(f"{k}={v}" for k, v in row.items()))

    async def _judge(self, case: Case, tally: Tally) -> None:
        answer = await self._world.ask("trace", stream=case.event[0], offset=case.event[1])
        said = said_of(answer, case.target.name, case.target.connection_id)
        judgement = of_target(said, {case.reason}, has_it=case.event in case.target.received)
        tally.runs += 1
        tally.named += judgement == "named"
        tally.unknown += judgement == "unknown"
        tally.wrong += judgement == "wrong"
        tally.ways[case.how] = tally.ways.get(case.how, 0) + 1
        if judgement == "wrong":
            self._outcome.verdict.add("wrong", _text(case, said))
        elif judgement == "unknown":
            self._outcome.verdict.examples[f"unknown ({case.reason})"].append(_text(case, said))
        if case.other is not None:
            said = said_of(answer, case.other.name)
            if of_other(said, is_late=case.reason == "wakeup_lost") == "wrong":
                self._outcome.verdict.add("other", _text(case, said))

    async def _return(self, cases: Sequence[Case]) -> None:
        """Have the targets come back for the event; the reason stays, and now they have it."""
        back = [case for case in cases if case.how != "never there"]

        async def come(case: Case) -> None:
            if not case.target.is_connected:
                assert await case.target.open(case.node, case.token)
            await case.target.until_received(*case.event)
            await case.target.settle()

        await cases_.each(back, come)
        await self._world.until_reported()
        for case in back:
            answer = await self._world.ask("trace", stream=case.event[0], offset=case.event[1])
            said = said_of(answer, case.target.name, case.target.connection_id)
            # Without a name, the connection that came back is a device of its own.
            reasons = {case.reason} if case.target.name else {case.reason, "not_connected"}
            if of_target(said, reasons, has_it=True) == "wrong":
                self._outcome.verdict.add("late", _text(case, said))


def _text(case: Case, said: Said) -> str:
    seen = case.target.seen()
    return (
        f"{case}, event {case.event[1]}: {said.verdict}, reach {said.reach}: {said.text} ({seen})"
    )
