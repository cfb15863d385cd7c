"""The server side of connections: the door, HTTP and its limits, handshakes, and the Writers.

`realtime.cluster.serve` and the consumer use it. Nothing here knows users or streams.
"""
