"""What writes to sockets, by server."""
