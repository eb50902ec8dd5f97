"""The whole generated city against the stated totals and the calibration of the model."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from geo.sample import generate
from tests.geo.sample.conftest import TODAY, Made

pytestmark = pytest.mark.city

#: Accidents per year by L at E = 6, and mean deaths by C: the published mapping of the model.
F_OF_L = {10: 5e-2, 6: 1.7e-2, 3: 5e-3, 1: 1.7e-3, 0.5: 5e-4, 0.2: 1.7e-4, 0.1: 5e-5}
N_OF_C = {100: 1.58, 40: 0.51, 15: 0.218, 7: 0.0255, 3: 0.002, 1: 0.0002}
F_OF_LS = {5: 1.7e-2, 4: 5e-3, 3: 1.7e-3, 2: 5e-4, 1: 1.7e-4}
N_OF_S = {5: 0.294, 4: 0.0255, 3: 0.002, 2: 0.0002, 1: 0.0}
PLL_OF_GRADE = {"红": 2.2e-3, "橙": 8.7e-4, "黄": 2.9e-4, "蓝": 3.4e-5}
#: Fires per year at 1,000 m² by premises, and the premises of venues.
FIRES = {"office": 1e-3, "shop": 3e-3, "mall": 3e-3, "restaurant": 6e-3, "hotel": 3e-3, "guesthouse": 3e-3, "entertainment": 6e-3,
         "school": 8e-4, "university": 8e-4, "hospital": 2e-3, "nursing_home": 3e-3, "factory": 2.5e-3, "warehouse": 2e-3,
         "station": 1e-3, "museum": 1e-3, "stadium": 1e-3}
VENUE = {"kindergarten": "school", "clinic": "hospital", "supermarket": "shop", "cinema": "entertainment",
         "theatre": "entertainment", "nightclub": "entertainment", "bar": "entertainment", "sports_hall": "stadium",
         "library": "museum",
         "community_centre": "museum", "railway_station": "station", "metro_station": "station", "bus_station": "station",
         "airport": "station", "government": "office", "prison": "guesthouse", "embassy": "office", "theme_park": "museum"}


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("city")
    return Made(folder, generate(folder, seed=20_260_101, as_of=TODAY))


def test_counts_are_those_of_the_city(city: Made) -> None:
    rows = city.summary.rows
    assert rows["enterprise"] == 265_000
    assert rows["risk_source"] == 162_699
    assert rows["work_site"] == 3_500
    enterprises = city.read("enterprise")
    assert enterprises["reports"].sum() == 9_911
    assert enterprises["lpg_cylinders"].sum() == 30_000
    assert 9.0e6 < enterprises["staff_at_place"].sum() < 9.6e6
    assert 220 < enterprises.loc[enterprises["reports"], "staff_at_place"].mean() < 330
    assert not (enterprises["reports"] & (enterprises["industry"] == "E")).any()
    equipment = city.read("equipment").groupby("equipment_type")["count"].sum()
    assert equipment.to_dict() == {"lift": 301_492, "crane": 38_324, "forklift": 22_996, "boiler": 9_986}
    assert city.read("work_site")["workers"].sum() == 700_000


def test_reported_sources_come_to_twenty_deaths_a_year(city: Made) -> None:
    sources = city.read("risk_source")
    lec, ls, bare = (sources[sources["method"] == method] for method in ("LEC", "LS", "GRADE"))
    frequency = np.minimum(lec["l"].map(F_OF_L) * lec["e"] / 6, 0.1)
    total = (frequency * lec["c"].map(N_OF_C)).sum() + (ls["l"].map(F_OF_LS) * ls["s"].map(N_OF_S)).sum()
    assert total + bare["grade"].map(PLL_OF_GRADE).sum() == pytest.approx(20.0, rel=0.15)


def test_fires_outside_dwellings_come_to_890_a_year(city: Made) -> None:
    enterprises, venues = city.read("enterprise"), city.read("venue").dropna(subset="floor_area_m2")
    enterprises = enterprises[~enterprises["id"].isin(city.read("hazard_source")["enterprise_id"])]
    premises = pd.concat([enterprises["premises"], venues["venue_type"].replace(VENUE)])
    area = pd.concat([enterprises["floor_area_m2"], venues["floor_area_m2"]]).clip(100, 100_000)
    fires = (premises.map(FIRES) * (area / 1000) ** 0.8).sum() + 0.02 * len(city.read("work_site"))
    assert fires == pytest.approx(890, rel=0.10)


def test_hazardous_units(city: Made) -> None:
    units = city.read("hazard_source")
    assert (units["unit_type"] == "filling_station").sum() == 917
    assert ((units["unit_type"] == "filling_station") & ~units["synthetic"]).sum() == 463
    critical = {"gasoline": 200.0, "diesel": 5000.0, "lpg": 50.0, "ammonia": 10.0, "chlorine": 5.0}  # GB 18218-2018
    major = units["quantity_t"] / units["substance"].map(critical) >= 1
    assert 100 <= major.sum() <= 120
    red = units[(units["diagnosis_score"] < 60) | units["diagnosis_veto"].eq(True)]
    assert red["enterprise_id"].nunique() == 20
    assert red.loc[major.reindex(red.index), "enterprise_id"].nunique() == 5


def test_units_of_every_kind_stand_in_the_city(city: Made) -> None:
    """CNG and LNG at most 60 each, hydrogen some 15, LPG autogas at most 10, 150 bottle shops, 60 gate stations …"""
    units = city.read("hazard_source")
    assert units["unit_type"].value_counts().to_dict() == {
        "filling_station": 917, "chemical_store": 300, "lpg_bottle_shop": 150, "ammonia_cold_store": 74, "cng_station": 60,
        "lng_station": 60, "gas_gate_station": 60, "dust_workshop": 60, "oil_depot": 40, "lpg_depot": 36, "tank_farm": 24,
        "process_unit": 16, "pressure_vessels": 16, "hydrogen_station": 15, "lpg_station": 10, "loading_rack": 8,
        "tailings_pond": 6, "chlorine_works": 5, "fireworks_store": 3, "explosives_store": 2,
    }
    new = units[1222:]  # after the units of the sites, whose ids stay
    assert new["synthetic"].all()
    assert not new["unit_type"].isin(["filling_station", "lpg_bottle_shop", "oil_depot", "lpg_depot"]).any()
    assert units["id"].is_unique
    assert units["hazard_key"].is_unique


def test_every_row_says_when_it_changed(city: Made) -> None:
    for kind in ("enterprise", "venue", "hazard_source", "risk_source", "pipeline", "equipment", "hidden_danger"):
        rows = city.read(kind)
        age = pd.Timestamp(TODAY) - pd.to_datetime(rows["updated_at"])
        assert rows["updated_at"].notna().all(), kind
        assert (age.dt.days >= 0).all(), kind
        assert (age.dt.days < 365).mean() > 0.9, kind


def test_peak_occasions(city: Made) -> None:
    venues = city.read("venue")
    peaks = venues.groupby("venue_type")["crowd_peaks"].sum()
    assert peaks["metro_station"] == pytest.approx(50_000, rel=0.001)
    assert peaks[["stadium", "sports_hall", "theatre"]].sum() == pytest.approx(3_700, rel=0.001)
    assert peaks[["park", "sight", "theme_park", "zoo"]].sum() == pytest.approx(333, rel=0.001)


def test_networks_have_their_lengths(city: Made) -> None:
    km = city.summary.pipeline_km
    assert 700 <= km["high_a"] + km["high_b"] <= 1_500
    assert km["sub_high"] == pytest.approx(1_500, rel=0.05)
    assert km["medium_a"] + km["medium_b"] >= 4_000
    assert km["heat"] == pytest.approx(1_400, rel=0.05)
    assert km["oil"] == pytest.approx(200, rel=0.15)


def test_files_stay_small(city: Made) -> None:
    assert sum(path.stat().st_size for path in city.folder.iterdir()) < 40_000_000
    assert pq.read_metadata(city.folder / "enterprise.parquet").num_rows == 265_000
