"""French."""

from wyoming_voiceclone.text.normalize.ordinals import french
from wyoming_voiceclone.text.normalize.words import Words, abbreviated, listed, symbols, units

WORDS = Words(
    decimal=",",
    minus="moins",
    point="point",
    dot="point",
    at="arobase",
    to="à",
    code="Code.",
    symbols=symbols(
        "& et  @ arobase  # numéro  + plus  = égale  × fois  ÷ divisé par  ± plus ou moins  ≈ "
        "environ  ~ environ  < inférieur à  > supérieur à  ≤ au plus  ≥ au moins  ≠ différent "
        "de  → vers  § paragraphe  ° degrés  #tag hashtag  √ racine de  ∞ infini"
    ),
    units=units("""
°C: degré Celsius|degrés Celsius
°F: degré Fahrenheit|degrés Fahrenheit
°: degré|degrés
%: pour cent|pour cent
km: kilomètre|kilomètres
m: mètre|mètres
cm: centimètre|centimètres
mm: millimètre|millimètres
km/h: kilomètre par heure|kilomètres par heure
m/s: mètre par seconde|mètres par seconde
kg: kilogramme|kilogrammes
g: gramme|grammes
l L: litre|litres
ml: millilitre|millilitres
m² m2: mètre carré|mètres carrés
m³ m3: mètre cube|mètres cubes
µg/m³ μg/m³: microgramme par mètre cube|microgrammes par mètre cube
W: watt|watts
kW: kilowatt|kilowatts
Wh: watt-heure|watt-heures
kWh: kilowatt-heure|kilowatt-heures
V: volt|volts
A: ampère|ampères
hPa: hectopascal|hectopascals
bar: bar|bars
lx: lux|lux
dB: décibel|décibels
ppm: partie par million|parties par million
MB: mégaoctet|mégaoctets
GB: gigaoctet|gigaoctets
Mbit/s Mbps: mégabit par seconde|mégabits par seconde
ms: milliseconde|millisecondes
s: seconde|secondes
min: minute|minutes
h: heure|heures
kcal: kilocalorie|kilocalories
Hz: hertz|hertz
MHz: mégahertz|mégahertz
GHz: gigahertz|gigahertz
mg: milligramme|milligrammes
"""),
    currencies={
        "€ EUR": ("euro|euros", "-centime|centimes"),
        "$ USD US$": ("dollar|dollars", "-cent|cents"),
        "£ GBP": ("livre|livres", "-penny|pence"),
        "¥ JPY": ("yen|yens", ""),
        "CHF": ("franc suisse|francs suisses", "-centime|centimes"),
    },
    per="par",
    cents="",
    fractions=symbols(
        "½ un demi  ⅓ un tiers  ⅔ deux tiers  ¼ un quart  ¾ trois quarts  ⅛ un huitième"
    ),
    mixed="et",
    abbreviations=abbreviated("""
p. ex. = par exemple
p.ex. = par exemple
c.-à-d. = c'est-à-dire
etc. = et cetera
env. = environ
M. = Monsieur
MM. = Messieurs
Mme = Madame
Mme. = Madame
Mlle = Mademoiselle
Dr = Docteur
Dr. = Docteur
Pr. = Professeur
St. = Saint
Ste. = Sainte
n° = numéro
p. = page
"""),
    months=listed(
        "janvier février mars avril mai juin juillet août septembre octobre novembre décembre"
    ),
    date="{day} {month}{year}",
    day=lambda number, _: "premier" if number == 1 else str(number),
    clock=lambda hour, minute: (
        f"{hour} heures {minute or ''}".rstrip()
        if hour != 1
        else f"1 heure {minute or ''}".rstrip()
    ),
    ordinal=french,
    clock_signs=":h",
    clock_suffix=r"(?:\s*(?:heures?|h)(?![\w’']))?",
    ordinal_endings=r"er|ère|re|ème|e",
    numbered=frozenset(listed("chapitre partie tome acte article volume phase type")),
    scales=r"mille|millions?|milliards?",
    of="d’|de",
)
