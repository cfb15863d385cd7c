"""The code that uses Channels' layer; no other package does."""
