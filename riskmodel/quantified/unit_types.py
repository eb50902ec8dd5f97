"""Which equipment every type of hazardous unit has: the one table from unit type to event trees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from riskmodel.quantified.substances import State
from riskmodel.quantified.trees import Event
from riskmodel.scenarios import Theme

PRESSURE_VESSEL = (
    Event("储罐破裂", "vessel.instantaneous", "vessel", "whole"),
    Event("储罐大孔泄漏", "vessel.ten_minutes", "vessel", "in_ten_minutes"),
    Event("储罐小孔泄漏", "vessel.hole", "vessel", "small_hole"),
)
ATMOSPHERIC_TANK = (
    Event("储罐破裂", "tank.instantaneous", "vessel", "whole"),
    Event("储罐大孔泄漏", "tank.ten_minutes", "vessel", "in_ten_minutes"),
    Event("储罐小孔泄漏", "tank.hole", "vessel", "small_hole"),
    Event("储罐冒顶", "tank.overfill_explosion", "vessel", "overfilled", tree="overfill"),
)
PROCESS = (
    Event("设备破裂", "process.instantaneous", "vessel", "whole"),
    Event("设备大孔泄漏", "process.ten_minutes", "vessel", "in_ten_minutes"),
    Event("设备小孔泄漏", "process.hole", "vessel", "small_hole"),
    Event("泵泄漏", "process.pump_leak", "unit", "pump_leak", "isolated"),
    Event("泵连接管断裂", "process.pump_rupture", "unit", "pump_rupture", "isolated"),
)
OIL_UNLOADING = (
    Event("卸油软管泄漏", "hose.leak", "hour", "hose_leak", "watched"),
    Event("卸油软管断裂", "hose.rupture", "hour", "hose_rupture", "watched"),
    Event("油罐车罐体破裂", "tanker.atmospheric", "presence", "tanker_burst", ignition="ignition.vehicle"),
)
GAS_UNLOADING = (
    Event("卸液软管泄漏", "hose.leak", "hour", "hose_leak", "watched"),
    Event("卸液软管断裂", "hose.rupture", "hour", "hose_rupture", "valve"),
    Event("槽车罐体破裂", "tanker.pressurised", "presence", "tanker_burst", ignition="ignition.vehicle"),
    Event("槽车受火BLEVE", "tanker.fire_bleve", "hour", "tanker_burst", tree="ball"),
)
COLD_UNLOADING = GAS_UNLOADING[:3]  # a vacuum jacket keeps a tanker of cold liquid from the BLEVE of a warm one
LOADING = (
    Event("装卸臂泄漏", "arm.leak", "hour", "arm_leak", "watched"),
    Event("装卸臂断裂", "arm.rupture", "hour", "arm_rupture", "watched"),
)
LOADING_LIQUID = (*LOADING, OIL_UNLOADING[2])
LOADING_GAS = (*LOADING, GAS_UNLOADING[2])
REFRIGERATION = (
    Event("储氨器破裂", "vessel.instantaneous", "vessel", "whole"),
    Event("储氨器大孔泄漏", "vessel.ten_minutes", "vessel", "in_ten_minutes"),
    Event("储氨器小孔泄漏", "vessel.hole", "vessel", "small_hole"),
    Event("压缩机及管道泄漏", "ammonia.leak", "unit", "compressor_leak", "isolated"),
    Event("压缩机及管道断裂", "ammonia.rupture", "unit", "compressor_rupture", "isolated"),
)
DRUMS = (
    Event("氯瓶破裂", "drum.burst", "vessel", "whole"),
    Event("氯瓶阀门或连接管泄漏", "drum.leak", "connected", "pigtail", "isolated"),
)
BANK = (
    Event("储气瓶组破裂", "bank.rupture", "unit", "bank_burst"),
    Event("瓶组、阀门或软管泄漏", "bank.leak", "unit", "bank_leak"),
)
BOTTLES = (
    Event("气瓶破裂", "bottle.burst", "vessel", "whole"),
    Event("气瓶阀门泄漏", "bottle.leak", "vessel", "bottle_leak"),
    Event("瓶库失火气瓶连续爆炸", "bottle.fire", "unit", "burning_stock", tree="ball"),
)
GATE = (
    Event("调压设施泄漏", "gate.leak", "unit", "gate_leak"),
    Event("进站管断裂", "gate.rupture", "unit", "gate_rupture", tree="full bore"),
)
STORE = (Event("库房火灾", "store.unit", "floor fire", "floor", tree="floor"),)
EXPLOSIVES = (Event("库房爆炸", "explosives.frequency", "unit", "stock"),)
DUST = (Event("粉尘爆炸", "dust.frequency", "unit", "stock"),)
DAM = (Event("尾矿库溃坝", "tailings.failure", "unit", "stock"),)

_STORED: tuple[State, ...] = ("liquefied", "cryogenic", "compressed", "toxic")


@dataclass(frozen=True)
class UnitType:
    """What a unit type consists of.

    Attributes
    ----------
    events : mapping of state to tuple of Event
        Event trees by the state of the stored substance; a state without an entry has no method.
    theme : Theme
    premises : bool
        Its scenarios are the fire of its enterprise's premises too: that fire is not counted beside them.
    local : str
        Group of ``quantified.local`` with the deaths of those who work there, empty for none (their deaths are in the work
        accidents of their industry).

    Examples
    --------
    >>> [event.label for event in UNIT_TYPES["chlorine_works"].events["toxic"]], UNIT_TYPES["dust_workshop"].theme.name
    (['氯瓶破裂', '氯瓶阀门或连接管泄漏'], 'WORK_OTHER')
    """

    events: Mapping[State, tuple[Event, ...]]
    theme: Theme = Theme.HAZCHEM
    premises: bool = True
    local: str = ""


def _same(states: tuple[State, ...], events: tuple[Event, ...]) -> dict[State, tuple[Event, ...]]:
    return dict.fromkeys(states, events)


UNIT_TYPES: Mapping[str, UnitType] = {
    "filling_station": UnitType({"liquid": OIL_UNLOADING}),
    "cng_station": UnitType({"compressed": BANK}),
    "hydrogen_station": UnitType({"compressed": BANK}),
    "lng_station": UnitType({"cryogenic": (*PRESSURE_VESSEL, *COLD_UNLOADING)}),
    "lpg_station": UnitType({"liquefied": (*PRESSURE_VESSEL, *GAS_UNLOADING)}),
    "lpg_bottle_shop": UnitType({"liquefied": BOTTLES}),
    "lpg_depot": UnitType({"liquefied": (*PRESSURE_VESSEL, *GAS_UNLOADING)}),
    "gas_gate_station": UnitType({"compressed": GATE}, premises=False),
    "ammonia_cold_store": UnitType({"toxic": REFRIGERATION}),
    "oil_depot": UnitType({"liquid": ATMOSPHERIC_TANK}),
    "chlorine_works": UnitType({"toxic": DRUMS}),
    "tank_farm": UnitType({"liquid": ATMOSPHERIC_TANK, "cryogenic": PRESSURE_VESSEL}),
    "pressure_vessels": UnitType(_same(_STORED, PRESSURE_VESSEL)),
    "process_unit": UnitType(_same(("liquid", *_STORED), PROCESS)),
    "loading_rack": UnitType({"liquid": LOADING_LIQUID, **_same(("liquefied", "cryogenic", "toxic"), LOADING_GAS)}),
    "chemical_store": UnitType({"liquid": STORE}, local="chemical_store"),
    "fireworks_store": UnitType({"explosive": EXPLOSIVES}),
    "explosives_store": UnitType({"explosive": EXPLOSIVES}),
    "dust_workshop": UnitType({"dust": DUST}, Theme.WORK_OTHER, premises=False, local="dust_workshop"),
    "tailings_pond": UnitType({"tailings": DAM}, Theme.WORK_OTHER, premises=False),
}
