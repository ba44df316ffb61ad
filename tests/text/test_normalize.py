"""What a sentence is read as, and what never comes out of the normaliser."""

import re
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from wyoming_voiceclone.text.normalize import normalize
from wyoming_voiceclone.text.phonemes import pronounced, segments, spelled
from wyoming_voiceclone.text.verbatim import unmarked, verbatim

LANGUAGES = ("en", "en-GB", "de", "fr", "es", "it", "nl", "pt", "pl", "ru", "ja", "")

READ = [
    ("en", "# Weather report\n", "Weather report."),
    ("en", "- **Milk** and _eggs_\n", "Milk and eggs."),
    ("en", "1. Milk\n", "1, Milk."),
    ("en", "- [x] done", "done."),
    ("en", "See [the docs](https://example.com/a/b) now.", "See the docs now."),
    ("en", "![a cat](cat.png) Look!", "a cat Look!"),
    ("en", "| Room | °C |\n", "Room, degrees Celsius."),
    ("en", "|---|---|\n", ""),
    ("en", "---\n", ""),
    ("en", "> quoted", "quoted"),
    ("en", "Use `light.turn_on` here.", "Use light.turn on here."),
    ("en", "```py\na = 1\nb = 2\n```\n", "Code."),
    ("de", "```\na = 1\nb = 2\n```", "Code."),
    ("es", "```\na = 1\nb = 2\n```", "Código."),
    ("en", "Hi<br/>there &amp; you", "Hi there and you"),
    ("en", "Unfinished **bold", "Unfinished bold"),
    ("en", "5 * 3 = 15", "5 times 3 equals 15"),
    ("en", "Sure! 😊", "Sure!"),
    ("en", "👍", "thumbs up"),
    ("de", "👍", "daumen hoch"),
    ("en", "1️⃣ Milk", "1 Milk"),
    ("en", "Open home-assistant.io.", "Open home assistant dot io."),
    ("en", "https://www.example.com/a/very/long?path=1.", "example dot com."),
    ("en", "http://homeassistant.local:8123", "homeassistant dot local 8123"),
    ("en", "Mail jane.doe@example.com!", "Mail jane dot doe at example dot com!"),
    ("de", "Schreib an a@b.de", "Schreib an a ät b Punkt de"),
    ("en", "Edit configuration.yaml", "Edit configuration dot yaml"),
    ("en", "light.kitchen_lamp is on", "light kitchen lamp is on"),
    ("en", "It is 21°C.", "It is 21 degrees Celsius."),
    ("en", "1 km, 5 km/h, 45%", "1 kilometer, 5 kilometers per hour, 45 percent"),
    ("en", "-3 °F", "minus 3 degrees Fahrenheit"),
    ("en", "±2 and 3 × 4", "plus or minus 2 and 3 times 4"),
    ("en", "#5 of #smarthome @ home", "number 5 of hashtag smarthome at home"),
    ("en", "$5.50, £1, €0.50, 3 USD", "5 dollars and 50 cents, 1 pound, 50 cents, 3 dollars"),
    ("en", "$5 million", "5 million dollars"),
    ("en", "$1,234.56", "1234 dollars and 56 cents"),
    ("en", "at 14:30, 9:05 and 14:00", "at 14 30, 9 oh 5 and 14 o'clock"),
    ("en", "at 9:00 am or 9pm.", "at 9 a.m. or 9 p.m."),
    ("en", "on 2026-11-20", "on November twentieth, 2026"),
    ("en", "on 3/4/2026", "on March fourth, 2026"),
    ("en-GB", "on 3/4/2026", "on April third, 2026"),
    ("en", "the 21st", "the twenty-first"),
    ("en", "½ cup, 2½ cups, 1/2", "one half cup, 2 and one half cups, one half"),
    ("en", "10–12 and 3-5", "10 to 12 and 3 to 5"),
    ("en", "1,234,567", "1234567"),
    ("en", "v2026.11.0", "v2026 point 11 point 0"),
    ("en", "Call +49 30 1234567.", "Call plus 4 9, 3 0, 1 2 3 4 5 6 7."),
    ("en", "Call 555-1234.", "Call 555-1234."),
    ("en", "Sure[^1].", "Sure."),
    ("en", "0.30 €/kWh, $5/month", "30 cents per kilowatt hour, 5 dollars per month"),
    ("de", "0,30 €/kWh und 5 kWh/Tag", "30 Cent pro Kilowattstunde und 5 Kilowattstunden pro Tag"),
    ("en", "30s, the 30s, 1990s, '90s", "30 seconds, the 30s, 1990s, '90s"),
    ("en", "18–21 °C", "18 to 21 degrees Celsius"),
    ("en", "for 5min30s and 1h15m", "for 5 minutes 30 seconds and 1 hour 15 minutes"),
    ("en", "Mr. & Mrs. Smith <3", "Mister and Missus Smith"),
    ("en", "10:30am–11:45am", "10 30 a.m. to 11 45 a.m."),
    ("de", "1. Mai ist am 20.11. frei", "erster Mai ist am zwanzigsten November frei."),
    ("en", "No. I won't.", "No. I won't."),
    ("en", "World War II, Elizabeth II, Use I", "World War 2, Elizabeth 2, Use I"),
    ("en", "e.g. this, etc.", "for example this, et cetera."),
    ("en", "Dr. No, p. 5 vs. No. 7", "Doctor No, page 5 versus number 7"),
    ("en", "Sun, Mr Jones, COVID-19", "Sun, Mr Jones, COVID-19"),
    ("de", "Am 3. Mai, der 2. Stock, 5. März", "Am dritten Mai, der zweite Stock, fünfter März"),
    ("de", "um 14.30 Uhr oder 9:00", "um 14 Uhr 30 oder 9 Uhr"),
    ("de", "20.11.1985", "zwanzigster November neunzehnhundertfünfundachtzig"),
    ("de", "1.234,5 kWh bei 21.5 °C", "1234,5 Kilowattstunden bei 21,5 Grad Celsius"),
    ("en", "on 1985-03-01 at 9 am", "on March first, nineteen eighty-five at 9 a.m."),
    ("de", "3,50 € und 0,99 €", "3 Euro 50 und 99 Cent"),
    ("de", "5 Mio. €", "5 Mio. Euro"),
    ("de", "z. B. Nr. 5 usw.", "zum Beispiel Nummer 5 und so weiter."),
    ("fr", "Il est 14h30 le 1er mai", "Il est 14 heures 30 le premier mai"),
    ("fr", "3 millions € et 21 °C", "3 millions d’euros et 21 degrés Celsius"),
    ("fr", "M. Dupont, n° 5", "Monsieur Dupont, numéro 5"),
    ("es", "el 20/11/2026 a las 14:30", "el 20 de noviembre de 2026 a las 14 y 30"),
    ("es", "la 2ª planta, siglo XXI", "la segunda planta, siglo 21"),
    ("es", "2,50 €", "2 euros con 50 céntimos"),
    ("it", "il 1º piano, 21,5 °C ecc.", "il primo piano, 21,5 gradi Celsius eccetera."),
    ("it", "alle 14:30", "alle 14 e 30"),
    ("nl", "om 14:30 uur de 3e dag", "om 14 uur 30 de derde dag"),
    ("nl", "€ 5,50 enz.", "5 euro 50 enzovoort."),
    ("pt", "R$ 5,50 às 14:00", "5 reais e 50 centavos às 14 horas"),
    ("pl", "2 km, 5 km, 2,5 km", "2 kilometry, 5 kilometrów, 2,5 kilometra"),
    ("pl", "3 maja o 21:05", "trzeciego maja o dwudziesta pierwsza zero 5"),
    ("ja", "**今日**は。", "今日は。"),
    ("xx", "# Plain 21°C\n", "Plain 21°C."),
]  # fmt: skip


@pytest.mark.parametrize(("language", "written", "read"), READ)
def test_a_sentence_is_read_as_a_person_would(language: str, written: str, read: str) -> None:
    assert normalize(written, language) == read


@pytest.mark.parametrize(
    ("language", "written", "read"),
    READ,
)
def test_what_was_read_once_is_read_the_same_again(language: str, written: str, read: str) -> None:
    again = normalize(read, language)
    assert again == read, written


_MARKUP = (
    "[[",
    "]]",
    "|",
    "**",
    "`",
    "```\n",
    "# ",
    "- ",
    "1. ",
    "<b>",
    "&lt;",
    "&#91;",
    "_",
    "\\",
)
_NUMBERS = ("21°C", "$5", "€", "14:30", "2026-11-20", "½", "1.2.3", "10-12", "-5", "XIV", "٣", "²")
_ODD = ("\u20e3", "\ufe0f", "\u202e", "\x00", "\ud800", "\ufdd0", "\ufdd1", "\ufdd2", "\n", "😊")
_OTHER = ("http://a.b/c", "a@b.de", "Dr. ", "z. B. ", "9" * 20, "1/2", "%", "#", "~", "^")
_PIECES = st.sampled_from([*_MARKUP, *_NUMBERS, *_ODD, *_OTHER])
_TEXTS = st.lists(_PIECES | st.text(max_size=6), max_size=25).map("".join)


@given(_TEXTS, st.sampled_from(LANGUAGES))
@example("&#91;&#91;a&#124;b&#93;&#93;", "en")
def test_no_text_breaks_it_and_no_markup_is_left(text: str, language: str) -> None:
    read = normalize(unmarked(text), language)
    assert not re.search(r"[\[\]|{}<>`*_\\^~\x00-\x1f\ud800-\udfff\ufdd0-\ufdd2]", read)
    assert read == " ".join(read.split())
    assert len(read) <= 60 * len(text) + 20
    assert segments(read) == ([(read, False)] if read else [])


@given(st.lists(st.from_regex(r"[a-zäöüé]{4,9}", fullmatch=True), max_size=12))
def test_no_word_is_lost(words: list[str]) -> None:
    for language in LANGUAGES:
        assert normalize(" ".join(words), language).split() == words


def test_what_is_marked_verbatim_stays_as_it_is() -> None:
    marked = f"5 km {verbatim('5 km')} {verbatim(pronounced('ʃɪˈvɔːn', 'Siobhan'))}."
    assert normalize(marked, "en") == "5 kilometers 5 km [[ʃɪˈvɔːn|Siobhan]]."


def test_emoji_behind_a_text_are_ornament_also_on_a_line_of_their_own() -> None:
    assert normalize("😊", "en", emoji_alone=False) == ""
    assert normalize("😊 yes", "en", emoji_alone=False) == "yes"


@given(_TEXTS)
@example("a\ufdd0[[\ufdd1b")
def test_of_brackets_only_a_whole_mark_is_left(text: str) -> None:
    read = spelled(normalize(text, "en"))
    assert not re.search(r"[\[\]|]", read)


def test_a_user_cannot_write_a_phoneme_mark() -> None:
    assert segments(normalize("say [[a|b]] now", "en")) == [("say a b now", False)]


@pytest.mark.parametrize("unit", ["a.", "1.", "[", "<", "*", "a@", "1-", "(", "`", "- ", "x_", "&"])
def test_the_worst_sentence_takes_no_time(unit: str) -> None:
    text = unit * (4000 // len(unit))
    begin = time.process_time()
    normalize(text, "en")
    assert time.process_time() - begin < 1


@pytest.mark.parametrize("language", LANGUAGES)
async def test_reading_never_touches_a_file_while_the_loop_waits(language: str) -> None:
    assert normalize("👍", language)
    assert normalize("On 2026-11-20 at 14:30, 21°C, the 3rd, $5.50 & e.g. a@b.de", language)
