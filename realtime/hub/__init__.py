"""The sockets of this process, and what they follow."""
