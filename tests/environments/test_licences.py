"""Licences are agreed to once, until their terms change."""

from dataclasses import replace
from pathlib import Path

import pytest

from wyoming_voiceclone.backends.declaration import Licence, Weights
from wyoming_voiceclone.backends.engine import Folders
from wyoming_voiceclone.environments.licences import agree, read_agreements, terms_of
from wyoming_voiceclone.errors import InstallError
from wyoming_voiceclone.testing.scripted_engine import ENGINE

PRIVATE = Licence("CPML", "Not for commercial use.", "https://example.org/cpml", accept=True)
WEIGHTS = Weights("coqui/XTTS-v2", ("*",), PRIVATE)


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return Folders(tmp_path / "voices", tmp_path / "data", tmp_path / "cache")


def test_only_what_asks_for_it_has_to_be_agreed_to(folders: Folders) -> None:
    terms = terms_of(ENGINE, [WEIGHTS])
    assert [str(term) for term in terms] == [
        "scripted: Apache-2.0",
        "coqui/XTTS-v2: CPML: Not for commercial use. (https://example.org/cpml)",
    ]
    lacking = read_agreements(folders).lacking(terms)
    assert [term.subject for term in lacking] == ["coqui/XTTS-v2"]


def test_nobody_is_asked_twice(folders: Folders) -> None:
    terms = terms_of(ENGINE, [WEIGHTS])
    agree(read_agreements(folders).lacking(terms), folders)
    assert read_agreements(folders).lacking(terms) == []
    (kept,) = read_agreements(folders).agreed
    assert (kept.subject, kept.licence, kept.url) == ("coqui/XTTS-v2", "CPML", PRIVATE.url)
    assert kept.when.tzinfo


def test_other_terms_are_asked_for_again(folders: Folders) -> None:
    agree(terms_of(ENGINE, [WEIGHTS]), folders)
    changed = replace(WEIGHTS, licence=replace(PRIVATE, gist="Not for use on Sundays."))
    assert read_agreements(folders).lacking(terms_of(ENGINE, [changed]))


def test_agreeing_to_one_thing_is_not_agreeing_to_another(folders: Folders) -> None:
    agree(terms_of(ENGINE, [WEIGHTS]), folders)
    other = replace(WEIGHTS, repository="somebody/else")
    assert read_agreements(folders).lacking(terms_of(ENGINE, [other]))


def test_a_file_in_disorder_is_as_none(folders: Folders) -> None:
    terms = terms_of(ENGINE, [WEIGHTS])
    agree(terms, folders)
    (folders.data / "licences.json").write_text('{"agreed": [1]}')
    assert read_agreements(folders).lacking(terms)


def test_a_place_that_cannot_be_written_is_told(folders: Folders) -> None:
    folders.data.write_text("a file where the folder should be")
    with pytest.raises(InstallError, match="cannot be written"):
        agree(terms_of(ENGINE, [WEIGHTS]), folders)
