"""The statements of providers: read, checked to be whole, and held against our payments. Pure.

`parse` reads a file by the columns of `columns.toml`, `chain` finds lines that are missing by the
running balance, and `matching` says of each line and each payment what it is.
"""
