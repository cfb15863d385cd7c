"""The sockets of this process and what they follow: fan-out of streams and rooms.

One `Hub` per process. The consumer brings sockets to it, the layer wakes it, the log is its
source of truth. Nothing here imports the consumer or the cluster.
"""
