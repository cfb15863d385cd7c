"""The statements of providers, imported and held against our payments.

`importing` stores a file once and each of its lines once, says what each is, and hands what matched
to the judge. What does not agree stays open until a later file explains it, or a person closes it.
"""
