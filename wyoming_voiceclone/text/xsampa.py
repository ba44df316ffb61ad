"""X-SAMPA to IPA: phonemes typed on an ASCII keyboard."""

import re

# J. C. Wells, "Computer-coding the IPA" (1995), without the rare diacritics
_PAIRS = (
    r"""
b_< ɓ d` ɖ g_< ɠ h\ ɦ j\ ʝ l` ɭ l\ ɺ n` ɳ p\ ɸ r` ɽ r\` ɻ r\ ɹ s` ʂ s\ ɕ t` ʈ x\ ɧ z` ʐ z\ ʑ
A ɑ B β B\ ʙ C ç D ð E ɛ F ɱ G ɣ H ɥ H\ ʜ I ɪ J ɲ K ɬ L ʎ L\ ʟ M ɯ N ŋ N\ ɴ O ɔ O\ ʘ Q ɒ R ʁ R\ ʀ
S ʃ T θ U ʊ V ʌ W ʍ X χ X\ ħ Y ʏ Z ʒ @` ɚ @ ə { æ } ʉ 1 ɨ 2 ø 3\ ɞ 3 ɜ 4 ɾ 5 ɫ 6 ɐ 7 ɤ 8 ɵ 9 œ & ɶ
? ʔ ?\ ʕ _h ʰ _j ʲ _w ʷ _0 \u0325 = \u0329 _= \u0329 ~ \u0303 _~ \u0303 " ˈ % ˌ : ː :\ ˑ g ɡ v\ ʋ
M\ ɰ ' ʲ - .
""".replace("\\u0325", "\u0325")
    .replace("\\u0329", "\u0329")
    .replace("\\u0303", "\u0303")
)
_TABLE = dict(zip(_PAIRS.split()[::2], _PAIRS.split()[1::2], strict=True))
_TOKEN = re.compile("|".join(re.escape(token) for token in sorted(_TABLE, key=len, reverse=True)))


def ipa_from_xsampa(text: str) -> str:
    """The IPA of an X-SAMPA text; what is not in the table stays."""
    return _TOKEN.sub(lambda token: _TABLE[token[0]], text)
