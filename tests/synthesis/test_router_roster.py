"""Backends come and go while others listen."""

from wyoming_voiceclone.backends import SynthesisRequest
from wyoming_voiceclone.backends.scripted import ScriptedBackend
from wyoming_voiceclone.synthesis.roster import by_names
from wyoming_voiceclone.synthesis.router import Router
from wyoming_voiceclone.testing.conformance import speak
from wyoming_voiceclone.voices import Voice

BOB = Voice("bob", ("en-GB", "en"))
HELLO = SynthesisRequest("hello", "ada")


async def source(router: Router, request: SynthesisRequest = HELLO) -> str:
    async with await router.synthesize(request) as stream:
        return stream.source


def names(router: Router) -> list[str]:
    return [voice.name for voice in router.capabilities().voices]


async def test_whoever_joins_speaks_and_is_offered_at_once() -> None:
    router = Router([ScriptedBackend("cpu")])
    router.join(ScriptedBackend("csm@gpu", voices=[BOB]))
    assert names(router) == ["ada", "bob"]
    assert await source(router, SynthesisRequest("hello", "bob")) == "csm@gpu/bob"


async def test_the_rank_gives_everybody_their_place_whenever_they_come() -> None:
    router = Router([ScriptedBackend("espeak")], rank=by_names(["csm", "piper"]))
    for name in ("piper", "other", "csm@gpu", "csm"):
        router.join(ScriptedBackend(name))
    order = []
    while names(router):
        order.append((await source(router)).partition("/")[0])
        router.leave(order[-1])
    assert order == ["csm", "csm@gpu", "piper", "espeak", "other"]


async def test_whoever_left_is_neither_asked_nor_offered() -> None:
    gone, here = ScriptedBackend("gone", voices=[BOB]), ScriptedBackend("here")
    router = Router([gone, here])
    assert router.leave("gone") is gone
    assert router.leave("gone") is None
    assert names(router) == ["ada"]
    await speak(router, SynthesisRequest("hello", "bob", language="en"))
    assert not gone.spoken


async def test_a_sentence_of_one_that_leaves_is_spoken_to_its_end() -> None:
    router = Router([ScriptedBackend("gone"), ScriptedBackend("here")])
    async with await router.synthesize(SynthesisRequest("one two three", "ada")) as stream:
        router.leave("gone")
        samples = sum([len(chunk) async for chunk in stream])
    assert samples / stream.rate > 0.29
    assert await source(router) == "here/ada"


async def test_one_of_the_same_name_takes_the_place_of_the_other() -> None:
    router = Router([ScriptedBackend("box"), ScriptedBackend("cpu")])
    router.join(ScriptedBackend("box", rate=8_000))
    async with await router.synthesize(HELLO) as stream:
        assert (stream.source, stream.rate) == ("box/ada", 8_000)


async def test_whoever_comes_back_is_not_left_alone_for_what_was() -> None:
    router = Router([ScriptedBackend("box", die="two"), ScriptedBackend("cpu")])
    await speak(router, SynthesisRequest("one two three", "ada"))
    assert await source(router) == "cpu/ada"
    gone = router.leave("box")
    assert gone is not None
    router.join(gone)
    assert await source(router) == "cpu/ada"  # the newcomer is behind, by this rank
    router.leave("cpu")
    assert await source(router) == "box/ada"


async def test_news_of_a_backend_end_its_cooling() -> None:
    router = Router([ScriptedBackend("box", die="two"), ScriptedBackend("cpu")])
    await speak(router, SynthesisRequest("one two three", "ada"))
    assert await source(router) == "cpu/ada"
    router.wake("box")
    assert await source(router) == "box/ada"
    router.wake("unheard-of")


async def test_a_router_without_anybody_offers_nothing_and_still_closes() -> None:
    router = Router([])
    assert names(router) == []
    await router.aclose()
