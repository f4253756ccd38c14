"""Collects faults, notes and sources while the parts of a region are read, so that one error lists everything."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyproj.exceptions import ProjError

from data.layer import Source, file_sha256
from data.region_file import KnownWithin, RegionFile
from data.use import SETTINGS
from geo.errors import Fault, GapmapError, SchemaError

if TYPE_CHECKING:
    from collections.abc import Callable

    from data.notes import Note
    from data.origin import FileSection, Origin


@dataclass
class Loader:
    """Collects faults, notes and sources while the parts are read, so that one error lists everything.

    Attributes
    ----------
    root : Path
        Folder that names are relative to.
    settings : RegionFile
    toml : str
        Name of the file that holds the settings; readers, which do not know it, call it ``region.toml``.
    """

    root: Path
    settings: RegionFile
    toml: str = SETTINGS
    faults: list[Fault] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)

    def attempt(self, what: str, read: Callable[[], Any]) -> Any:
        """Run one reader; its faults are kept and None stands for what could not be read."""
        try:
            return read()
        except SchemaError as error:
            self.faults += error.faults
        except GapmapError as error:
            problem = str(error).removeprefix(f"{what}: ").removeprefix(f"{Path(what).name}: ")
            self.faults.append(Fault(what, problem, "correct the file or the setting named"))
        except ProjError as error:
            self.faults.append(Fault(what, f"a CRS is unknown or unfit: {error}", "name one such as EPSG:4326"))
        return None

    def path(self, file: str) -> Path:
        """File under the data root."""
        return self.root / file

    def source(self, layer: str, origin: Origin, file: str) -> Source:
        """Record where a file comes from, with its hash."""
        made = Source(
            layer,
            file,
            file_sha256(self.path(file)),
            origin.source,
            origin.publisher,
            origin.licence,
            origin.url,
            origin.year,
        )
        self.sources.append(made)
        return made

    def check_files(self) -> None:
        """Every file that is not there is named at once."""
        self.require(self.files())

    def files(self) -> list[str]:
        """Every file that the settings name."""
        settings = self.settings
        sections: list[FileSection | None] = [settings.population, settings.land, settings.built, settings.zones]
        sections += [*settings.coverage, settings.wifi, settings.hosts, settings.indicators, settings.footprints]
        sections += [settings.terrain, settings.streets, *settings.speedtest, settings.population.groups_table]
        sections += [settings.proposals, settings.exclusions, settings.masts, settings.backhaul, settings.power]
        if settings.radio is not None:
            sections += [settings.radio.sites, settings.radio.propagation, settings.radio.capacity]
        names = [section.file for section in sections if section is not None]
        names += list(settings.population.groups.values())
        known = [*(layer.known_within for layer in settings.coverage)]
        known += [section.known_within for section in (settings.wifi, settings.streets) if section is not None]
        return names + [part.file for part in known if isinstance(part, KnownWithin) and part.file]

    def require(self, names: list[str]) -> None:
        """Raise SchemaError that names each of these files that is not there."""
        for name in dict.fromkeys(names):
            path = self.path(name)
            if not path.is_file():
                problem = "a directory, not a file" if path.is_dir() else "no such file"
                mend = f"correct the name in {self.toml}, or give --data with the data root"
                self.faults.append(Fault(name, problem, mend))
        self.stop_at_faults()

    def stop_at_faults(self) -> None:
        """Raise SchemaError with everything found so far, if anything was."""
        if self.faults:
            raise SchemaError(replace(one, file=self.toml) if one.file == SETTINGS else one for one in self.faults)
