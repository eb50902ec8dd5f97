"""Routes, one subject a file; each module hands out one ``router``."""
