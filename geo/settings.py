"""Settings of the whole product: one object, made once at the edge and passed in."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from geo.errors import EnvironmentProblem, Language


class Settings(BaseSettings):
    """All settings; each can be given as an environment variable ``RISKMAP_<NAME>``.

    Nothing reads the environment at import: the command line and the tests make one object and hand it down.
    """

    model_config = SettingsConfigDict(env_prefix="RISKMAP_", extra="forbid", env_ignore_empty=True)

    home: Path = Field(default=Path("var"), description="folder that holds the store, snapshots, logs and caches")
    store: str = Field(default="", description="SQLAlchemy URL of the store; empty: one SQLite file below home")
    store_pool: int = Field(default=5, ge=1, le=100, description="connections to PostgreSQL that one process keeps")
    store_wait_s: float = Field(default=10.0, gt=0, description="seconds to wait for a free connection, s")
    store_statement_s: float = Field(default=120.0, ge=0, description="seconds after which a read is broken off, s; 0: never")
    host: str = Field(default="127.0.0.1", description="address to listen on")
    port: int = Field(default=8000, ge=1, le=65535, description="port to listen on")
    workers: int = Field(default=1, ge=1, le=64, description="server processes")
    cors_origins: str = Field(default="", description="origins whose pages may read answers, with commas; *: all; empty: none")
    proxies: str = Field(default="", description="addresses or networks of proxies whose X-Forwarded headers are believed")
    time_limit_s: float = Field(default=30.0, ge=1, description="seconds in which an answer must begin, and each piece be read")
    spool_mb: int = Field(default=2048, ge=16, description="megabytes of export files that one server process holds at a time")
    texts_mb: int = Field(default=1024, ge=0, description="megabytes of disk for features kept as text for large pages; 0: none")
    threads: int = Field(default=2, ge=1, le=64, description="threads of the scoring run")
    cluster: str = Field(default="", description="Dask cluster of the scoring run: tcp://host:port or local:N; empty: threads")
    learned_models: Path | None = Field(default=None, description="folder of approved learned models that a run uses")
    memory_limit_mb: int = Field(default=0, ge=0, description="a run estimated above this memory is refused, MB; 0: never")
    score_limit_s: float = Field(default=0.0, ge=0, description="a run estimated above this time is refused, s; 0: never")
    language: Language = Field(default="zh", description="language of command-line messages: zh or en")
    timezone: str = Field(default="Asia/Shanghai", description="time zone of the schedule and of the dates on the map")
    schedule: str = Field(default="", description="cron text of the nightly run while serving; empty: none")
    sample_enterprises: int = Field(default=265_000, ge=1, description="enterprises in the generated sample")
    sample_seed: int = Field(default=20_260_101, ge=0, description="seed of the generated sample")
    tile_cache_mb: int = Field(default=128, ge=1, le=65536, description="memory of each serving process for made tiles, MB")
    quality: bool = Field(default=True, description="assess data quality with every run (a few seconds beside the scoring)")
    quality_rules: Path | None = Field(default=None, description="TOML of your own rules of data quality; empty: the product's")
    keep_days: int = Field(default=14, ge=1, description="snapshots younger than this many days are never thinned")

    @property
    def store_url(self) -> str:
        """URL of the store: the one given, or the SQLite file below home."""
        return self.store or f"sqlite:///{self.home / 'store' / 'riskmap.sqlite'}"

    def listed(self, name: str) -> list[str]:
        """A setting that is a list, written with commas."""
        return [part.strip() for part in str(getattr(self, name)).split(",") if part.strip()]

    @property
    def snapshots(self) -> Path:
        """Folder of all snapshots; its ``current`` entry points at the one that is served."""
        return self.home / "snapshots"

    @property
    def rasters(self) -> Path:
        """Folder of the rasters that belong to the store (population)."""
        return self.home / "store" / "rasters"

    @property
    def logs(self) -> Path:
        """Folder of the log files."""
        return self.home / "logs"

    @property
    def cache(self) -> Path:
        """Folder of what can be made again at any time (compiled kernels)."""
        return self.home / "cache"

    def prepare_home(self) -> None:
        """Make the folders below home.

        Raises
        ------
        EnvironmentProblem
            If home cannot be created or written.
        """
        try:
            for folder in (self.home, self.snapshots, self.rasters, self.logs, self.cache):
                folder.mkdir(parents=True, exist_ok=True)
            probe = self.home / ".write-test"
            probe.write_bytes(b"")
            probe.unlink()
        except OSError as error:
            raise EnvironmentProblem(
                f"数据目录 {self.home} 无法写入：{error.strerror}",
                f"the home folder {self.home} cannot be written: {error.strerror}",
                remedy_zh="请用 RISKMAP_HOME 指定一个可写的目录，或修改该目录的权限。",
                remedy_en="Set RISKMAP_HOME to a writable folder, or change the permissions of this one.",
                home=str(self.home),
            ) from error
