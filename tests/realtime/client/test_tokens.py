"""A token is renewed by one call at a time, which runs to its end."""

from __future__ import annotations

import asyncio

import pytest

from realtime.client.tokens import NoToken, Tokens


class Login:
    """A `get_token` that answers when it is told to, and notes how many run."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.running = 0
        self.cancelled = False
        self.may_answer = asyncio.Event()
        self.answer: str | None | Exception = "token"

    async def __call__(self, reason: str) -> str | None:
        self.asked.append(reason)
        self.running += 1
        assert self.running == 1
        try:
            await self.may_answer.wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        finally:
            self.running -= 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return f"{self.answer}{len(self.asked)}" if self.answer else None


async def begun(*tasks: asyncio.Task[str]) -> None:
    """Let tasks run until they wait."""
    for _ in range(5):
        await asyncio.sleep(0)
    assert not any(task.done() for task in tasks)


async def test_all_callers_wait_for_one_renewal() -> None:
    login = Login()
    tokens = Tokens(login)
    waiting = [asyncio.create_task(tokens.get()) for _ in range(3)]
    waiting += [asyncio.create_task(tokens.fetch("expiring")) for _ in range(3)]
    await begun(*waiting)
    login.may_answer.set()
    assert await asyncio.gather(*waiting) == ["token1"] * 6
    assert login.asked == ["connect"]
    assert await tokens.fetch("expiring") == "token2"


async def test_a_renewal_completes_after_its_connection_was_lost() -> None:
    login = Login()
    tokens = Tokens(login)
    first = asyncio.create_task(tokens.fetch("expiring"))
    await begun(first)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    second = asyncio.create_task(tokens.get())
    await begun(second)
    login.may_answer.set()
    assert await second == "token1"
    assert (login.asked, login.cancelled) == (["expiring"], False)


async def test_a_failed_renewal_is_repeated() -> None:
    login = Login()
    login.may_answer.set()
    tokens = Tokens(login)
    for answer, error in ((OSError("away"), OSError), (None, NoToken), ("é", ValueError)):
        login.answer = answer
        with pytest.raises(error):
            await tokens.get()
    login.answer = "token"
    assert await tokens.get() == "token4"


async def test_a_renewal_without_a_caller_may_fail() -> None:
    login = Login()
    login.answer = OSError("away")
    tokens = Tokens(login)
    first = asyncio.create_task(tokens.get())
    await begun(first)
    first.cancel()
    await asyncio.wait([first])
    login.may_answer.set()
    await begun()
    login.answer = "token"
    assert await tokens.get() == "token2"


async def test_the_end_of_the_client_ends_the_renewal() -> None:
    login = Login()
    tokens = Tokens(login)
    asking = asyncio.create_task(tokens.get())
    await begun(asking)
    tokens.abandon()
    with pytest.raises(RuntimeError, match="cancelled"):
        await asking
    assert login.cancelled
