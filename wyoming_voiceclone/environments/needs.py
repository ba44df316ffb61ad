"""What an engine's environment must hold: its own libraries, this package, and what that needs."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from importlib.metadata import Distribution, EntryPoint, PackageNotFoundError, entry_points
from importlib.util import find_spec
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from wyoming_voiceclone.backends.declaration import Environment
from wyoming_voiceclone.backends.engine import ENTRY_POINTS, Engine

OWN = "wyoming-voiceclone"
_ONLY_HERE = {OWN, "uv"}
"""Not installed there: this package is linked, and nobody installs anything from there."""


def entry_point_of(engine: Engine) -> EntryPoint | None:
    """Where the engine was found; None for one that no package declares."""
    return next(iter(entry_points(group=ENTRY_POINTS, name=engine.name)), None)


def own_requirements(engine: Engine) -> tuple[str, ...]:
    """What this package, and the package that the engine comes in, ask for."""
    point = entry_point_of(engine)
    names = {OWN: None, (point.dist.name if point and point.dist else OWN): None}
    asked = (line for name in names for line in _requires(name))
    return tuple(sorted({str(one) for line in asked if (one := _wanted(line))}))


def linked_packages(engine: Engine) -> dict[str, Path]:
    """What has to be importable there just as it is here: by name, where it lies."""
    point = entry_point_of(engine)
    tops = {"wyoming_voiceclone": None}
    if point:
        tops[point.module.partition(".")[0]] = None
    return {path.name: path for top in tops if (path := _place(top))}


def digest(environment: Environment) -> str:
    """Changes when the engine asks for other libraries."""
    return hashlib.sha256(json.dumps(asdict(environment), sort_keys=True).encode()).hexdigest()


def unmet(requirements: Iterable[str], packages: Mapping[str, str]) -> str | None:
    """The first requirement that these packages, versions by name, do not meet."""
    for line in requirements:
        requirement = Requirement(line)
        version = packages.get(canonicalize_name(requirement.name))
        if version is None or not requirement.specifier.contains(version, prereleases=True):
            return line
    return None


def _requires(name: str) -> list[str]:
    try:
        return Distribution.from_name(name).requires or []
    except PackageNotFoundError:  # run from a folder, never installed: whoever does it knows
        return []


def _wanted(line: str) -> Requirement | None:
    """None for an extra, another platform, or what is not needed there."""
    try:
        requirement = Requirement(line)
    except InvalidRequirement:
        return None
    if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
        return None
    requirement.marker = None
    return None if canonicalize_name(requirement.name) in _ONLY_HERE else requirement


def _place(top: str) -> Path | None:
    """The folder of a package, or the file of a module."""
    spec = find_spec(top)
    if spec is None:
        return None
    if spec.submodule_search_locations:
        return Path(next(iter(spec.submodule_search_locations))).resolve()
    return Path(spec.origin).resolve() if spec.origin else None
