"""Requests from outside: webhooks of providers, receipts of devices, unsubscribing."""
