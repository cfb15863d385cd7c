"""Addresses that must not be used, and how staff let them be used again.

Each lift has a reason and is kept. One after a complaint waits for a second person.
"""
