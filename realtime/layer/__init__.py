"""All that knows Channels' layer."""
