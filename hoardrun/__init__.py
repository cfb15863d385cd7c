"""The hoardrun project: settings, ASGI entry point, URLs, and the money domain."""

__version__ = "0.1.0"
