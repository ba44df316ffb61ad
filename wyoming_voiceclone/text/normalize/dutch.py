"""Dutch."""

from wyoming_voiceclone.text.normalize.ordinals import dutch
from wyoming_voiceclone.text.normalize.words import Words, abbreviated, listed, symbols, units

WORDS = Words(
    decimal=",",
    minus="min",
    point="punt",
    dot="punt",
    at="apenstaartje",
    to="tot",
    code="Code.",
    symbols=symbols(
        "& en  @ apenstaartje  # nummer  + plus  = is gelijk aan  × keer  ÷ gedeeld door  ± "
        "plus of min  ≈ ongeveer  ~ ongeveer  < kleiner dan  > groter dan  ≤ hoogstens  ≥ "
        "minstens  ≠ ongelijk aan  → naar  § paragraaf  ° graden  #tag hashtag  √ wortel van  ∞"
        " oneindig"
    ),
    units=units("""
°C: graad Celsius|graden Celsius
°F: graad Fahrenheit|graden Fahrenheit
°: graad|graden
%: procent|procent
km: kilometer|kilometer
m: meter|meter
cm: centimeter|centimeter
mm: millimeter|millimeter
km/h: kilometer per uur|kilometer per uur
m/s: meter per seconde|meter per seconde
kg: kilogram|kilogram
g: gram|gram
l L: liter|liter
ml: milliliter|milliliter
m² m2: vierkante meter|vierkante meter
m³ m3: kubieke meter|kubieke meter
µg/m³ μg/m³: microgram per kubieke meter|microgram per kubieke meter
W: watt|watt
kW: kilowatt|kilowatt
Wh: wattuur|wattuur
kWh: kilowattuur|kilowattuur
V: volt|volt
A: ampère|ampère
hPa: hectopascal|hectopascal
bar: bar|bar
lx: lux|lux
dB: decibel|decibel
ppm: deel per miljoen|delen per miljoen
MB: megabyte|megabyte
GB: gigabyte|gigabyte
Mbit/s Mbps: megabit per seconde|megabit per seconde
ms: milliseconde|milliseconden
s: seconde|seconden
min: minuut|minuten
h: uur|uur
kcal: kilocalorie|kilocalorieën
Hz: hertz|hertz
MHz: megahertz|megahertz
GHz: gigahertz|gigahertz
mg: milligram|milligram
"""),
    currencies={
        "€ EUR": ("euro|euro", "-cent|cent"),
        "$ USD US$": ("dollar|dollar", "-cent|cent"),
        "£ GBP": ("pond|pond", "-penny|pence"),
        "¥ JPY": ("yen|yen", ""),
    },
    per="per",
    cents="",
    fractions=symbols(
        "½ een half  ⅓ een derde  ⅔ twee derde  ¼ een kwart  ¾ drie kwart  ⅛ een achtste"
    ),
    mixed="en",
    abbreviations=abbreviated("""
bijv. = bijvoorbeeld
d.w.z. = dat wil zeggen
o.a. = onder andere
enz. = enzovoort
etc. = et cetera
ca. = circa
dhr. = de heer
Dhr. = De heer
mevr. = mevrouw
Mevr. = Mevrouw
dr. = dokter
Dr. = Dokter
prof. = professor
nr. = nummer
blz. = bladzijde
evt. = eventueel
incl. = inclusief
"""),
    months=listed(
        "januari februari maart april mei juni juli augustus september oktober november december"
    ),
    date="{day} {month}{year}",
    day=lambda number, _: str(number),
    clock=lambda hour, minute: f"{hour} uur {minute}" if minute else f"{hour} uur",
    ordinal=dutch,
    clock_suffix=r"(?:\s*uur)?",
    ordinal_endings=r"ste|de|e",
    numbered=frozenset(listed("hoofdstuk deel akte artikel fase type")),
    scales=r"duizend|miljoen|miljard",
)
