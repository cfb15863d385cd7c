"""The server side of connections: one Writer per kind of ASGI server, and limits of HTTP.

`realtime.cluster.serve` and the consumer use it. Nothing here knows users or streams.
"""
