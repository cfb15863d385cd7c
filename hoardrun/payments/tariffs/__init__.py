"""Tariffs and limits of providers as rows, which hold from a day to a day.

`charging` says what a payment costs, and refuses one that exceeds a limit. Rows are added and
ended, never edited: what held on a day can be read later.
"""
