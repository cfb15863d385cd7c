"""What all proofs share: their command, plans and seeded bugs, what a run found, and its report."""
