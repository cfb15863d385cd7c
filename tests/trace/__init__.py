"""The proof of the trace: it names why an event did not arrive, whichever reason a seed plays."""
