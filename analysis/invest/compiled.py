"""How functions are compiled that only compiled functions call: no way in from Python, which takes long to make."""

from __future__ import annotations

from typing import Any

from numba import njit

OPTIONS: dict[str, Any] = {"cache": True, "nogil": True, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}

inner: Any = njit(**OPTIONS)
