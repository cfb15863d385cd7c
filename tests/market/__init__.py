"""Prices under faults: recordings and their truth, a world of venues and servers, a checker."""
