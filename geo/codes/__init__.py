"""Codes of the field and what they say: credit codes, industries, divisions and substances, each with its check and its table.

The tables are CSV files beside the modules, so that a reader of the standard can compare them line by line. Everything here is
pure: no store, no files of the user. Bad codes are reported, never mended.
"""

from __future__ import annotations

from geo.codes.credit import CREDIT_FAULTS, credit_code_faults
from geo.codes.divisions import Division, division, former_division
from geo.codes.industries import Industry, exact, industry, meant_in_2011, sections
from geo.codes.substances import HazardClass, Substance, cas_is_valid, hazard_class, substance, substances

__all__ = [
    "CREDIT_FAULTS", "Division", "HazardClass", "Industry", "Substance", "cas_is_valid", "credit_code_faults", "division",
    "exact", "former_division", "hazard_class", "industry", "meant_in_2011", "sections", "substance", "substances",
]
