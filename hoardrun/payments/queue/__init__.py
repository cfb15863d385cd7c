"""Payments that wait for a person: the list of staff, why each stands where it does, decisions."""
