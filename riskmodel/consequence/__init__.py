"""Consequence formulas: pure functions of arrays, each with its source; SI units throughout unless a name says otherwise.

release, blowdown, evaporation → how much leaves a hole, a vessel, a pipe, a pool;
atmosphere → what the air lets through;
dispersion, dense_gas, dense_handover, dense_plume, dense_puff, flash → concentration at a distance, distance to the flammable
limit;
fireball, poolfire, flame, jetfire → heat at a distance;
explosion, bst, explosives, dust → pressure at a distance;
tailings → ground that a broken dam covers;
probit → probability of death.

The functions hold published coefficients only; every choice between publications (emissive power, exposure time, weather …) is
an argument and comes from the parameter tables.
"""
