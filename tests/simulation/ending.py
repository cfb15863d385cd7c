"""The checks once all works again: no socket outstays, is stuck, or is kept."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from realtime.hub.hub import Hub
from realtime.hub.socket import Socket
from tests.simulation.stage import ROOM

if TYPE_CHECKING:
    from tests.simulation.world import World

# The tasks of a node that are of no socket. At the end of a schedule there is no other.
OF_A_NODE = {
    "AccessRecheck._recheck_due", "AccessRecheck.run", "Acks._flush", "Acks.flush",
    "BatchedLoader._run", "Computing.run", "EpochWatch.run", "FollowedStreams._catch_up",
    "Hub._tick", "JoinedGroups._settle", "JoinedRooms._prepare", "LayerReceiver._receive",
    "LayerReceiver._watch", "Reconciler.run", "Sender._send", "_close",
}  # fmt: skip


def outstaying(world: World) -> list[str]:
    """List the devices that may not be there: by login, by rights, or as one too many."""
    found = []
    own: dict[tuple[int, int], list[Socket]] = {}
    for number, node in enumerate(world.hubs):
        for socket in node.sockets:
            if socket.close_code is None and socket.connection.places:
                key = (number, socket.connection.user_id or 0)
                own.setdefault(key, []).append(socket)
    for (number, user_id), open_now in own.items():
        for socket in open_now:
            identity, name = socket.connection.identity, socket.writer.judge.name  # type: ignore[attr-defined]
            assert identity is not None
            if identity.session in world.stored.ended:
                found.append(f"{name}: logged out")
            if identity.expires_at < world.wall():
                found.append(f"{name}: its login has expired")
            if user_id in world.stored.inactive:
                found.append(f"{name}: deactivated")
            if user_id in world.barred and ROOM in socket.connection.rooms:
                found.append(f"{name}: barred from its room")
        if len(open_now) > world.setting.most:
            found.append(f"user {user_id} has {len(open_now)} sockets on node {number}")
    return found


def tell_outstaying(world: World) -> None:
    for text in outstaying(world):
        world.fail("outstays", text)


def is_quiet(world: World) -> bool:
    if outstaying(world):
        return False
    for device in world.devices:
        if not device.wanted:
            continue
        writer = device.writer
        if writer is None or writer.expected or writer.vanished:
            return False
        if writer.paused if writer.deaf else not device.greeted:
            return False
        if writer.judge.behind():
            return False
    return True


def tell_stuck(world: World) -> None:
    tell_outstaying(world)
    for device in world.devices:
        writer = device.writer
        if not device.wanted:
            continue
        if writer is None or not (device.greeted or writer.deaf or writer.vanished):
            world.fail("stuck", f"device {device.number} is not let in")
        elif writer.vanished or (writer.deaf and writer.paused):
            world.fail("outstays", f"{writer.judge.name}: reads nothing any more")
        elif writer.expected:
            world.fail("unanswered", f"{writer.judge.name}: no answer to {writer.expected}")
        elif behind := writer.judge.behind():
            world.fail("stuck", f"{writer.judge.name}: {behind}")


def look_at_the_end(world: World) -> None:
    """Look for streams that are kept without a follower, and for rooms' newest messages."""
    alive = {t for node in world.hubs for socket in node.sockets for t in socket.tasks or ()}
    # A client whose login has just ended may be in the middle of its next one.
    clients = [d.writer for d in world.devices if d.writer is not None and not d.greeted]
    alive |= {writer.serving for writer in clients if writer.serving is not None}
    for task in sorted(asyncio.all_tasks(world.loop) - alive, key=hash):
        work = getattr(task.get_coro(), "__qualname__", "")
        if work not in OF_A_NODE:
            world.fail("kept", f"a task of {work} that belongs to nobody")
    for node in world.hubs:
        _look_at_kept(world, node)
    at_work = sum(task is not None and not task.done() for task in (w.serving for w in clients))
    counted, waiting = world.door.under_way, world.door.waiting
    if counted != at_work or waiting != len(world.line):
        world.fail("kept", f"a door with {counted} under way, {waiting} in line, not {at_work}")


def _look_at_kept(world: World, node: Hub) -> None:
    open_now = {d.writer for d in world.devices if d.writer is not None}
    kept = {socket.writer for socket in node.sockets}
    kept |= {s.writer for own in node.sockets.users.values() for s in own}
    for name in node.streams.followed:
        kept |= {socket.writer for socket in node.streams.sockets(name)}
    for members in node.rooms.joined.values():
        kept |= {s.writer for sockets in members.by_rate.values() for s in sockets}
        for key, frame in members.newest.items():
            number = int(json.loads(frame.data)["data"]["price"])
            for socket in members.by_rate["realtime"]:
                judge = socket.writer.judge  # type: ignore[attr-defined]
                if judge.rooms.get(ROOM, {}).get(key) != number:
                    world.fail("room", f"{judge.name}: {key} is not {number}")
    kept |= {socket.writer for socket in node.cycle.held}
    for writer in kept - open_now:
        world.fail("kept", writer.judge.name)  # type: ignore[attr-defined]
    _look_at_counted(world, node)


def _look_at_counted(world: World, node: Hub) -> None:
    for own in node.receiver._groups:
        # A socket that has just left may be leaving them in this very moment.
        leaving = {} if own._settling is None or own._settling.done() else own._unsettled
        for group in sorted(own._joined.keys() - leaving):
            if not own._wanted.get(group, lambda: False)():
                world.fail("kept", f"the group {group} of the layer")
    strangers = sum(socket.is_anonymous for socket in node.sockets)
    if (counted := sum(node.sockets.anonymous.values())) != strangers:
        world.fail("kept", f"a count of {counted} sockets without a login, not {strangers}")
    here = {socket.connection.id for own in node.sockets.users.values() for socket in own}
    changes = node.sockets.roster.take()  # nothing has been reported
    if changes.came.keys() != here or changes.gone:
        world.fail("kept", f"a roster of {sorted(changes.came)}, not {sorted(here)}")
