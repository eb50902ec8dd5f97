"""Consequence formulas: pure functions of arrays, each with its source; SI units throughout unless a name says otherwise.

release → how much leaves a hole; fireball, poolfire, jetfire, explosion, dispersion → heat, pressure or concentration at a
distance; probit → probability of death. The functions hold published coefficients only; every choice between
publications (emissive power, exposure time, weather …) is an argument and comes from the parameter tables.
"""
