"""The engine's logic without any I/O: no Django, no Channels, no asyncio, no clock."""
