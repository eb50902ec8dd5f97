"""The whole model on a generated city: frames in, tables out; then draws and explanations of what it found."""

from __future__ import annotations

import argparse
import pickle
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.report import best, once, peak_mb, say, timed


def city(options: argparse.Namespace) -> dict[str, Any]:
    """The whole model on the city: frames in, tables out; then draws and explanations of what it found."""
    from benchmarks.naivecity import naive_city
    from riskmodel.parameters import load_parameters
    from riskmodel.run import score

    with Path(options.city).open("rb") as file:
        inputs = pickle.load(file)
    parameters = load_parameters()
    loaded_mb = peak_mb()
    first, result = once(lambda: score(inputs, parameters, threads=options.threads))
    first_mb = peak_mb()
    del result
    seconds, cpu, result = timed(lambda: score(inputs, parameters, threads=options.threads), 1)
    answer = {"city_s": seconds, "city_cpu_s": cpu, "city_mb": first_mb, "city_second_mb": peak_mb(),
              "city_first_s": first, "city_inputs_mb": loaded_mb,
              "city_scenarios": len(result.scenarios.points.x), "city_stages": result.seconds}
    answer |= _draws(inputs, result, parameters, options) | _explanations(inputs, result)
    say("geopandas, a share of the city's scenarios")
    return answer | naive_city(inputs, result, seconds, options.share)


def _draws(inputs: Any, result: Any, parameters: Any, options: argparse.Namespace) -> dict[str, Any]:
    from riskmodel.uncertainty import class_fields, draw_streets

    classes = class_fields(inputs, result.scenarios, result.fields, result.exposure, parameters)
    seconds, _ = best(lambda: draw_streets(classes, parameters, draws=options.draws))
    return {"draws_s": seconds, "draws": options.draws}


def _explanations(inputs: Any, result: Any) -> dict[str, Any]:
    """Median of cells, of streets, and the whole city; `explain_ms` is the slowest kind of a cell or street."""
    from riskmodel.explain import explain_cell, explain_streets, gather

    evidence = gather(inputs.grid, inputs.coverage, result.scenarios, result.fields, result.exposure)
    rng = np.random.default_rng(8)
    cells = rng.choice(result.cells["cell"].to_numpy(), 50, replace=False)
    streets = rng.choice(len(inputs.streets), min(50, len(inputs.streets)), replace=False)
    explain_cell(evidence, int(cells[0]))
    explain_streets(evidence, streets[:1])
    by_cell = [1000 * once(partial(explain_cell, evidence, int(cell)))[0] for cell in cells]
    by_street = [1000 * once(partial(explain_streets, evidence, np.array([street])))[0] for street in streets]
    whole = 1000 * once(lambda: explain_streets(evidence, np.arange(len(inputs.streets))))[0]
    return {"explain_ms": float(max(np.median(by_cell), np.median(by_street))), "explain_cell_ms": float(np.median(by_cell)),
            "explain_street_ms": float(np.median(by_street)), "explain_worst_ms": float(max(*by_cell, *by_street)),
            "explain_city_ms": whole}


def pickled_city(options: argparse.Namespace, folder: Path) -> Path:
    """Inputs of a generated city as the model reads them from the store."""
    from geo.ingest import load_directory
    from geo.sample import generate as generate_sample
    from geo.settings import Settings
    from geo.store import open_store
    from layers.inputs import read_inputs

    settings = Settings(home=folder / "home")
    settings.prepare_home()
    say(f"a city of {options.enterprises} enterprises")
    generate_sample(folder / "sample", enterprises=options.enterprises, seed=settings.sample_seed)
    with open_store(settings.store_url) as store:
        store.init()
        load_directory(store, folder / "sample", settings)
        inputs = read_inputs(store, datetime.now(UTC).date(), rasters=settings.rasters)
    path = folder / "inputs.pickle"
    with path.open("wb") as file:
        pickle.dump(inputs, file, protocol=5)
    return path
