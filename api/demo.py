"""``riskmap demo``: from nothing to a map on the screen, in steps that each survive an interruption.

Every step leaves a mark only when it is complete (a renamed folder, a committed load, a published snapshot), and ``demo.json``
says which steps are done for which sample, so that whatever stopped the last start, the next one goes on from there.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import asdict, dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from api import runs, scoring
from geo.settings import Settings

if TYPE_CHECKING:
    from api.console import Console


@dataclass(frozen=True)
class Progress:
    """What is done.

    Attributes
    ----------
    sample : str
        Which sample: enterprises, seed and the generator's own files.
    loaded, scored : bool
        It is in the store; a map of it was published.
    parameters : str
        Hash of the model parameters of that map.
    """

    sample: str = ""
    loaded: bool = False
    scored: bool = False
    parameters: str = ""


def prepare(settings: Settings, console: Console) -> str:
    """Make sure that a map of the sample is published.

    Returns
    -------
    str
        Run id of the map that will be served.

    Raises
    ------
    RunInProgress
        If another demo prepares the same home.
    RiskMapError
        Whatever stops a step; the steps before it stay done.
    """
    settings.prepare_home()
    with runs.run_lock(settings, "demo.lock"):
        return _prepare(settings, console)


def _prepare(settings: Settings, console: Console) -> str:
    done, wanted = _read(settings), _sample_key(settings)
    if done.sample != wanted:
        done = Progress(sample=wanted)
    current = _intact(settings, done)
    if current is not None:
        return current
    scoring.use_kernel_cache(settings)
    if not done.loaded:
        _write(settings, done)
        _load(settings, _generate(settings, console), console)
        done = replace(done, loaded=True)
        _write(settings, done)
    with console.step("评分并发布", "scoring and publishing") as report:
        run = scoring.score(settings, report, trigger="demo")
    _write(settings, replace(done, scored=True, parameters=str(run.hashes.get("parameters", ""))))
    return run.snapshot or run.id


def _intact(settings: Settings, done: Progress) -> str | None:
    """Id of the current snapshot if it can be served as it is."""
    if not (done.loaded and done.scored):
        return None
    from layers.snapshot import current_run_id
    from riskmodel.parameters import load_parameters

    run_id = current_run_id(settings.snapshots)
    if run_id is None or done.parameters != load_parameters().digest:
        return None
    from layers.integrity import problems

    return None if problems(settings.snapshots / run_id) else run_id


def _generate(settings: Settings, console: Console) -> Path:
    """The sample's folder; made aside and renamed, so that a folder of this name is complete."""
    folder = settings.home / "sample"
    mark = folder / "sample.key"
    if mark.is_file() and mark.read_text(encoding="utf-8") == _sample_key(settings):
        return folder
    from geo.sample import generate

    part = settings.home / ".sample.part"
    for stale in (part, folder):
        shutil.rmtree(stale, ignore_errors=True)
    with console.step("生成样本数据", "generating the sample") as report:
        generate(part, enterprises=settings.sample_enterprises, seed=settings.sample_seed, progress=report)
    (part / "sample.key").write_text(_sample_key(settings), encoding="utf-8")
    part.rename(folder)
    return folder


def _load(settings: Settings, folder: Path, console: Console) -> None:
    from geo.ingest import load_directory
    from geo.store import open_store

    with console.step("载入数据库", "loading the store") as report, open_store(settings) as store:
        store.init()
        load_directory(store, folder, settings, report)


def _sample_key(settings: Settings) -> str:
    """Name of a sample: its size, its seed, and a hash over the files of the generator."""
    root = Path(str(files("geo"))) / "sample"  # not imported: that would take seconds
    digest = hashlib.sha256()
    for path in sorted(path for path in root.rglob("*") if path.is_file() and path.suffix != ".pyc"):
        digest.update(path.name.encode() + path.read_bytes())
    return f"{settings.sample_enterprises}-{settings.sample_seed}-{digest.hexdigest()[:16]}"


def _read(settings: Settings) -> Progress:
    try:
        return Progress(**json.loads((settings.home / "demo.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return Progress()


def _write(settings: Settings, done: Progress) -> None:
    part = settings.home / ".demo.json.part"
    part.write_text(json.dumps(asdict(done)), encoding="utf-8")
    part.replace(settings.home / "demo.json")
