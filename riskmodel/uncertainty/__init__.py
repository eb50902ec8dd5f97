"""How sure the numbers are: shared and own factors, drawn with common random numbers over class sub-fields.

Every scenario belongs to a class; a draw multiplies each class by one number, so that hundreds of draws of all streets and cells
cost less than one run. Out come bands, the probability of each colour, and how stable a rank is.
"""

from riskmodel.uncertainty.classes import Classes, classify
from riskmodel.uncertainty.draws import StreetDraws, bands, cell_shares, draw_streets, level_shares, ranks
from riskmodel.uncertainty.factors import Factors, draw_factors, lognormal, sigma
from riskmodel.uncertainty.subfields import ClassFields, class_fields

__all__ = [
    "ClassFields", "Classes", "Factors", "StreetDraws", "bands", "cell_shares", "class_fields", "classify", "draw_factors",
    "draw_streets", "level_shares", "lognormal", "ranks", "sigma",
]
