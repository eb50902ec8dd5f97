"""Learned likelihood: how often, from data, where a model has been validated forward in time and approved.

features → fields in bins; training → scikit-learn, only here and only when a model is trained; model → the table that scores,
as JSON; approved → which models a run uses, for which rows; scaling → budget-neutral constants, frozen; validation, blocks →
unseen years and unseen ground; pipelines, evaluation → the worked case.
A learned model gives frequencies and probabilities, never deaths: those come from the people who are there.
"""

from riskmodel.learned.approved import factors_by_kind
from riskmodel.learned.features import Feature
from riskmodel.learned.model import LearnedModel
from riskmodel.learned.scaling import BOUNDS, neutral_constant, with_environment
from riskmodel.learned.training import Method, train, train_probability
from riskmodel.learned.validation import Reliability, Skill, Slope

__all__ = [
    "BOUNDS", "Feature", "LearnedModel", "Method", "Reliability", "Skill", "Slope", "factors_by_kind", "neutral_constant",
    "train", "train_probability", "with_environment",
]
