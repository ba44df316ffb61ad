"""The boxes that a home knows: one private file, and what is wrong with it is said."""

import stat
from pathlib import Path

import pytest
from cryptography import x509

from wyoming_voiceclone.backends import Capabilities
from wyoming_voiceclone.backends.peer.messages import Hello
from wyoming_voiceclone.boxes.certificate import own_certificate
from wyoming_voiceclone.boxes.dialer import Address, address_in
from wyoming_voiceclone.boxes.known import KnownBox, KnownBoxes, name_from
from wyoming_voiceclone.boxes.memory import BoxMemory, Met
from wyoming_voiceclone.boxes.messages import Offer, offer_event, read_offer
from wyoming_voiceclone.boxes.pairing_key import new_key
from wyoming_voiceclone.errors import ConfigError, ProtocolError
from wyoming_voiceclone.voices import Voice

OFFER = Offer("1.2", True, (Hello("csm", "r1", Capabilities((Voice("ada", ("en",)),), True)),))


def test_a_box_is_kept_for_us_alone_and_changes_are_seen(tmp_path: Path) -> None:
    boxes = KnownBoxes(tmp_path)
    box = KnownBox("gpu", new_key(bytes(32)), Address("fd00::7", 10_201))
    before = boxes.stamp()
    boxes.add(box)
    assert boxes.stamp() != before
    assert boxes.read() == [box]
    assert boxes.find(box.key.box_id) == boxes.find("gpu") == box
    assert stat.S_IMODE((tmp_path / "boxes.json").stat().st_mode) == 0o600
    assert boxes.forget("gpu") == box
    assert boxes.read() == []
    with pytest.raises(ConfigError, match="no box is called that here"):
        boxes.forget("gpu")


def test_pairing_again_replaces_the_key_and_two_boxes_have_two_names(tmp_path: Path) -> None:
    boxes = KnownBoxes(tmp_path)
    boxes.add(KnownBox("gpu", new_key(bytes(32))))
    boxes.add(KnownBox("attic", again := new_key(bytes(32))))
    assert [(one.name, one.key) for one in boxes.read()] == [("attic", again)]
    with pytest.raises(ConfigError, match="another box already"):
        boxes.add(KnownBox("attic", new_key(b"1" * 32)))


@pytest.mark.parametrize("name", ["", "GPU", "a@b", "-a", "a b", "x" * 33, "../up"])
def test_names_are_plain(name: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be the name"):
        KnownBoxes(tmp_path).add(KnownBox(name, new_key(bytes(32))))


@pytest.mark.parametrize("content", ["{", "[]", '{"gpu": {}}', '{"gpu": {"key": "VC1", "x": 1}}'])
def test_a_damaged_file_is_said_to_be_one(content: str, tmp_path: Path) -> None:
    (tmp_path / "boxes.json").write_text(content)
    with pytest.raises(ConfigError, match="damaged"):
        KnownBoxes(tmp_path).read()


@pytest.mark.parametrize(
    ("text", "name"),
    [("Big Box!", "big-box"), ("gpu.local", "gpu-local"), ("***", ""), ("x" * 50, "x" * 32)],
)
def test_a_box_is_called_as_it_calls_itself(text: str, name: str) -> None:
    assert name_from(text) == name


def test_addresses_are_read_as_people_write_them() -> None:
    assert address_in("gpu.lan") == Address("gpu.lan", 10_201)
    assert address_in("192.168.7.20:99") == Address("192.168.7.20", 99)
    assert str(address_in("[fd00::7]:99")) == "[fd00::7]:99"
    assert address_in("") is None
    for wrong in ("http://gpu", "gpu:x", "gpu:99999", "user@gpu", "gpu/x", ":10201"):
        with pytest.raises(ConfigError, match="no address of a box"):
            address_in(wrong)


def test_what_a_box_offered_is_remembered_and_losing_it_is_no_fault(tmp_path: Path) -> None:
    memory, met = BoxMemory(tmp_path / "boxes"), Met(OFFER, Address("gpu", 1), 5.0)
    memory.keep("a" * 16, met)
    assert memory.recall("a" * 16) == met
    (tmp_path / "boxes" / f"{'a' * 16}.json").write_text("{")
    assert memory.recall("a" * 16) is None
    memory.drop("a" * 16)
    memory.drop("a" * 16)


def test_an_offer_crosses_the_wire_and_nonsense_does_not() -> None:
    assert read_offer(offer_event(OFFER)) == OFFER
    nonsense: list[object] = [None, [7], [{}], [{"engine": "a@b"}] * 2, [{}] * 100]
    for engines in nonsense:
        event = offer_event(OFFER)
        event.data["engines"] = engines
        with pytest.raises(ProtocolError):
            read_offer(event)


def test_a_wrong_clock_shuts_nobody_out(tmp_path: Path) -> None:
    """The certificate holds for every date a clock may show, and homes do not look at it."""
    shown = x509.load_pem_x509_certificate(own_certificate(tmp_path).path.read_bytes())
    assert shown.not_valid_before_utc.year == 2000
    assert shown.not_valid_after_utc.year == 9999
