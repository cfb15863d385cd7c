"""Calls to providers of payments, and the worker that makes them.

A call is made outside any transaction, after its intent is committed; what it tells is applied in a
transaction of its own.
"""
