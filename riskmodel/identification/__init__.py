"""Major hazards of dangerous chemicals, GB 18218-2018: identification (S), grading (R), residents around the plant's boundary."""

from riskmodel.diagnosis import diagnosis_level, diagnosis_score
from riskmodel.identification.boundary import Boundaries, boundaries, residents_around
from riskmodel.identification.standard import (
    Identification,
    alpha,
    beta,
    category,
    grade,
    identify,
    is_major,
    key_of,
    threshold,
)
from riskmodel.identification.units import contents, grade_units

__all__ = [
    "Boundaries", "Identification", "alpha", "beta", "boundaries", "category", "contents", "diagnosis_level", "diagnosis_score",
    "grade", "grade_units", "identify", "is_major", "key_of", "residents_around", "threshold",
]
