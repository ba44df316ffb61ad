"""Certificates, pairing keys and the keyring: made once, pasted once, taken back at once."""

import os
import ssl
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wyoming_voiceclone.boxes.certificate import client_context, own_certificate
from wyoming_voiceclone.boxes.keyring import Keyring
from wyoming_voiceclone.boxes.pairing_key import PairingKey, new_key, parse_key
from wyoming_voiceclone.errors import ConfigError


def test_a_certificate_is_made_once_and_for_us_alone(tmp_path: Path) -> None:
    first, again = own_certificate(tmp_path / "box"), own_certificate(tmp_path / "box")
    assert first.fingerprint == again.fingerprint
    assert own_certificate(tmp_path / "other").fingerprint != first.fingerprint
    assert stat.S_IMODE(first.path.stat().st_mode) == 0o600
    for context in (first.server_context(), client_context()):
        assert context.minimum_version == ssl.TLSVersion.TLSv1_3


def test_a_damaged_certificate_is_told_with_its_remedy(tmp_path: Path) -> None:
    own_certificate(tmp_path).path.write_bytes(b"-----BEGIN")
    with pytest.raises(ConfigError, match="delete it to make a new one"):
        own_certificate(tmp_path)


@given(st.binary(min_size=32, max_size=32), st.sampled_from(["", " ", "\n", "\t-\n "]))
def test_a_key_survives_being_pasted(fingerprint: bytes, between: str) -> None:
    key = new_key(fingerprint)
    text = key.text()
    pasted = between.join(text[at : at + 7] for at in range(0, len(text), 7))
    assert parse_key(pasted) == parse_key(pasted.lower()) == key


@given(st.data())
def test_a_mistake_in_a_key_is_noticed(data: st.DataObject) -> None:
    text = list(new_key(bytes(32)).text())
    place = data.draw(st.integers(4, len(text) - 1).filter(lambda at: text[at] != "-"))
    letter = data.draw(st.sampled_from("ABCDEFGH234567").filter(lambda one: one != text[place]))
    text[place] = letter
    with pytest.raises(ConfigError, match="mistake in it"):
        parse_key("".join(text))


@pytest.mark.parametrize("text", ["", "hello", "VC1", "VC1-AAAA", "VC1-!!!!", "VC2-AAAA"])
def test_anything_else_is_no_key(text: str) -> None:
    with pytest.raises(ConfigError):
        parse_key(text)


def test_a_key_does_not_show_its_secret() -> None:
    key = new_key(bytes(32))
    assert key.secret.hex() not in repr(key)
    assert "secret" not in repr(key)


def test_a_home_has_one_key_and_rotating_takes_the_old_one_back(tmp_path: Path) -> None:
    keyring = Keyring(tmp_path)
    old, other = keyring.issue("house"), keyring.issue("cabin")
    new = keyring.issue("house")
    assert keyring.secret(old.key_id) is None
    assert keyring.secret(new.key_id) == new.secret
    assert Keyring(tmp_path).secret(other.key_id) == other.secret
    assert {home.name for home in keyring.homes()} == {"house", "cabin"}
    assert stat.S_IMODE((tmp_path / "keys.json").stat().st_mode) == 0o600


def test_a_revoked_key_opens_nothing_also_where_the_keyring_is_open(tmp_path: Path) -> None:
    keyring, elsewhere = Keyring(tmp_path), Keyring(tmp_path)
    key = keyring.issue("house")
    assert elsewhere.secret(key.key_id)
    assert keyring.revoke("house")
    assert not keyring.revoke("house")
    assert elsewhere.secret(key.key_id) is None
    by_id = keyring.issue("cabin")
    assert keyring.revoke(by_id.key_id)


def test_a_damaged_keyring_lets_nobody_in(tmp_path: Path) -> None:
    keyring = Keyring(tmp_path)
    key = keyring.issue("house")
    (tmp_path / "keys.json").write_text("{")
    with pytest.raises(ConfigError, match="damaged"):
        keyring.secret(key.key_id)


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(ConfigError, match="make it accessible"):
        Keyring(tmp_path)


def test_the_box_is_known_by_its_certificate(tmp_path: Path) -> None:
    keyring = Keyring(tmp_path)
    key: PairingKey = keyring.issue("house")
    assert key.box_id == keyring.certificate.box_id
