"""Societal risk: the event table, F-N curves of installations, streets, districts and the city, and the zones of GB 36894."""

from riskmodel.societal.areas import AreaCurves, area_curves, place_curve
from riskmodel.societal.curves import ZONES, fn_curve, fn_curves, upper_ratio, zone
from riskmodel.societal.events import LEAST, EventTable, coverage_start, event_table
from riskmodel.societal.installations import InstallationEvents, installation_curves, installation_events

__all__ = [
    "LEAST", "ZONES", "AreaCurves", "EventTable", "InstallationEvents", "area_curves", "coverage_start", "event_table",
    "fn_curve", "fn_curves", "installation_curves", "installation_events", "place_curve", "upper_ratio", "zone",
]
