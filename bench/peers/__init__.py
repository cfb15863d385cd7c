"""The contenders: each is written as its users would write it, at its best settings."""
