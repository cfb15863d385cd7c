"""The page on which staff watch and try the wire."""
