"""A loudspeaker without a voice in its request has one of its own."""

import pytest

from wyoming_voiceclone.backends.scripted import ScriptedBackend
from wyoming_voiceclone.servers.wyoming import WyomingServer
from wyoming_voiceclone.servers.wyoming.speakers import Speakers
from wyoming_voiceclone.synthesis.speech import Speech
from wyoming_voiceclone.testing.home_assistant import HomeAssistant
from wyoming_voiceclone.voices import Voice

KITCHEN = {"192.168.1.50": "grandma", "192.168.1.0/24": "emma", "fe80::/10": "ada"}


@pytest.mark.parametrize(
    ("address", "voice"),
    [
        ("192.168.1.50", "grandma"),
        ("::ffff:192.168.1.50", "grandma"),
        ("192.168.1.51", "emma"),
        ("fe80::1%eth0", "ada"),
        ("10.0.0.1", None),
        ("unknown", None),
        ("", None),
        (None, None),
    ],
)
def test_the_closest_entry_decides(address: str | None, voice: str | None) -> None:
    assert Speakers(KITCHEN).voice(address) == voice


def test_a_name_is_no_address() -> None:
    with pytest.raises(ValueError, match="'kitchen' is no address — write 192"):
        Speakers({"kitchen": "grandma"})


async def test_who_names_no_voice_hears_that_of_the_loudspeaker() -> None:
    backend = ScriptedBackend(voices=[Voice("ada", ("en",)), Voice("bob", ("en",))])
    server = WyomingServer(Speech(backend), speakers=Speakers({"127.0.0.0/8": "bob"}))
    await server.start(["tcp://127.0.0.1:0"])
    home = HomeAssistant(server.addresses[0])
    await home.say("One.")
    await home.say_plain("One.")
    await home.say("One.", voice="ada")
    await home.say_plain("One.", voice="ada")
    await server.aclose()
    assert [request.voice for request in backend.spoken] == ["bob", "bob", "ada", "ada"]
