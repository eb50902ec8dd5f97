"""The model: from features to annual risk, pure arrays and frames in and out.

Scenarios (frequency, deaths, footprint) are the one currency; fields add them exactly on cells; areas, levels and
explanations follow. Nothing here knows of a store, a file or a network. Start with :func:`riskmodel.run.score`; the
numbers that the model is set by are in :mod:`riskmodel.parameters`.
"""

from riskmodel.parameters import Parameters, load_parameters

__all__ = ["Parameters", "load_parameters"]
