from __future__ import annotations

from typing import Any

from channels.generic.websocket import AsyncJsonWebsocketConsumer


class NotificationConsumer(AsyncJsonWebsocketConsumer):
    async def connect(self) -> None:
        scope: Any = self.scope
        self.user = scope["user"]
        if self.user.is_anonymous:
            await self.close()
            return
        self.group_names = [f"user_{self.user.id}", "announcements"]
        for name in self.group_names:
            await self.channel_layer.group_add(name, self.channel_name)
        await self.accept()
        await self.send_json({"type": "connection_established", "user_id": self.user.id})

    async def disconnect(self, code: int) -> None:
        for name in getattr(self, "group_names", []):
            await self.channel_layer.group_discard(name, self.channel_name)

    async def push(self, event: dict[str, Any]) -> None:
        await self.send_json(event["content"])
