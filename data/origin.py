"""Sections of ``region.toml`` that name a file: where it is, and where it comes from."""

from __future__ import annotations

from pydantic import Field

from data.settings import Section

Words = dict[str, str | list[str]]


class Origin(Section):
    """Where a file comes from; every section with a file takes these."""

    source: str = Field("", description="Who made the data and what it is, for the attribution line.")
    publisher: str = Field("", description="Who published the file, when it is not its maker.")
    licence: str = Field("", description="Licence of the file, such as 'CC BY 4.0'; empty means not stated.")
    url: str = Field("", description="Where the file can be had.")
    year: int | None = Field(None, description="Year that the data describe.", ge=1900, le=2200)


class FileSection(Origin):
    """A section with a file."""

    file: str = Field(description="File, relative to the data root.", min_length=1)
