"""Stand-ins for providers, on loopback; they share no code with the product."""
