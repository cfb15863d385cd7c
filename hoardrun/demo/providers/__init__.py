"""Providers as the world has them, on loopback; they share no code with the product."""
