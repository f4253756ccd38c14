"""The synthetic sample region: generated from a seed, written as ordinary input files, labelled synthetic."""

from __future__ import annotations

from data.sample.write import write_sample

__all__ = ["write_sample"]
