"""Compiled kernels: how footprints fall on cells, in exact integers.

Everything here is numba code that the rest of the model calls; importing it is what costs the compile (or cache) time,
so the serving process imports it only when somebody asks for an explanation.
"""
