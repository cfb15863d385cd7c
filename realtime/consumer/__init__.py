"""One socket's life, in this order: credentials, gate, consumer, login, greeting, commands.

The server calls it through ASGI; it uses the hub.
"""
