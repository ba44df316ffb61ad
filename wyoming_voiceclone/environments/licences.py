"""Licences that people agreed to, once each: `<data>/licences.json`."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from wyoming_voiceclone.backends.declaration import Licence, Weights
from wyoming_voiceclone.backends.engine import Engine, Folders
from wyoming_voiceclone.environments.room import disk_errors
from wyoming_voiceclone.lru_folder import replace_file


@dataclass(frozen=True, slots=True)
class Term:
    """A licence, and what it is of."""

    subject: str
    """The engine's name for its code, a repository for weights."""
    licence: Licence

    @property
    def digest(self) -> str:
        """Other terms have another one, and are asked for again."""
        licence = self.licence
        words = f"{self.subject}\n{licence.name}\n{licence.gist}\n{licence.url}"
        return hashlib.sha256(words.encode()).hexdigest()

    def __str__(self) -> str:
        licence = self.licence
        gist = f": {licence.gist}" if licence.gist else ""
        return f"{self.subject}: {licence.name}{gist}{f' ({licence.url})' if licence.url else ''}"


class Agreement(BaseModel):
    model_config = ConfigDict(frozen=True)

    subject: str
    licence: str
    url: str
    digest: str
    when: datetime


class Agreements(BaseModel):
    """What was agreed to. It stays when the engine is removed: nobody is asked twice."""

    model_config = ConfigDict(frozen=True)

    agreed: tuple[Agreement, ...] = ()

    def lacking(self, terms: Iterable[Term]) -> list[Term]:
        """Those that somebody has to agree to first."""
        known = {one.digest for one in self.agreed}
        return [term for term in terms if term.licence.accept and term.digest not in known]


def terms_of(engine: Engine, weights: Sequence[Weights]) -> list[Term]:
    """Everything that holds for the engine: its code, then its weights."""
    terms = [Term(engine.name, engine.declared.licence)]
    return terms + [Term(one.repository, one.licence) for one in weights]


def read_agreements(folders: Folders) -> Agreements:
    """A file that cannot be read is as none: people are asked again. Blocks."""
    try:
        return Agreements.model_validate_json(_file(folders).read_bytes())
    except (OSError, ValidationError):
        return Agreements()


def agree(terms: Sequence[Term], folders: Folders) -> None:
    """Keep that somebody agreed just now. Raises InstallError. Blocks."""
    now = datetime.now(UTC)
    new = [
        Agreement(
            subject=term.subject,
            licence=term.licence.name,
            url=term.licence.url,
            digest=term.digest,
            when=now,
        )
        for term in terms
    ]
    known = read_agreements(folders).agreed
    with disk_errors(_file(folders)):
        folders.data.mkdir(parents=True, exist_ok=True)
        text = Agreements(agreed=(*known, *new)).model_dump_json(indent=1)
        replace_file(_file(folders), text.encode())


def _file(folders: Folders) -> Path:
    return folders.data / "licences.json"
