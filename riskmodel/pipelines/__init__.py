"""Buried lines: scenarios, class location, high-consequence areas, encroachments.

assessment → every line of a run against all of it; rules →
formulas and tables of the standards for one place; location → 地区等级 (GB 50251); areas → 高后果区 (GB 32167); zones →
what stands too close (管道保护法, GB 50028); scenarios → failure rates, footprints, straight pieces.
"""

from riskmodel.pipelines.areas import hca_three, high_consequence_areas
from riskmodel.pipelines.assessment import COLUMNS, assess
from riskmodel.pipelines.location import Households, class_location
from riskmodel.pipelines.rules import (
    PRESSURE_CLASSES,
    STRIP_M,
    hca_grade,
    impact_strip,
    oil_grade,
    potential_impact_radius,
    pressure_class,
)
from riskmodel.pipelines.scenarios import KIND, Lines, Pieces, add, radiation_kernel
from riskmodel.pipelines.zones import encroachments

__all__ = [
    "COLUMNS", "KIND", "PRESSURE_CLASSES", "STRIP_M", "Households", "Lines", "Pieces", "add", "assess", "class_location",
    "encroachments", "hca_grade", "hca_three", "high_consequence_areas", "impact_strip", "oil_grade", "potential_impact_radius",
    "pressure_class", "radiation_kernel",
]
