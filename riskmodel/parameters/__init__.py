"""The model's numbers: versioned TOML tables, each value with source, unit, range and certainty."""

from riskmodel.parameters.load import Parameters, Value, load_parameters

__all__ = ["Parameters", "Value", "load_parameters"]
