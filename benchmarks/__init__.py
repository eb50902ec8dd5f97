"""Measurements against named peers in the same run: ``python -m benchmarks.NAME --json``. Never part of the tests' verdict."""
