"""Polish."""

from wyoming_voiceclone.text.normalize.ordinals import (
    polish,
    polish_clock,
    polish_genitive,
    polish_plural,
)
from wyoming_voiceclone.text.normalize.words import Words, abbreviated, listed, symbols, units

WORDS = Words(
    decimal=",",
    minus="minus",
    point="kropka",
    dot="kropka",
    at="małpa",
    to="do",
    code="Kod.",
    symbols=symbols(
        "& i  @ małpa  # numer  + plus  = równa się  × razy  ÷ podzielić przez  ± plus minus  ≈"
        " około  ~ około  < mniejsze niż  > większe niż  ≤ najwyżej  ≥ co najmniej  ≠ różne od"
        "  → do  § paragraf  ° stopni  #tag hashtag  √ pierwiastek z  ∞ nieskończoność"
    ),
    units=units("""
°C: stopień Celsjusza|stopnie Celsjusza|stopni Celsjusza|stopnia Celsjusza
°F: stopień Fahrenheita|stopnie Fahrenheita|stopni Fahrenheita|stopnia Fahrenheita
°: stopień|stopnie|stopni|stopnia
%: procent|procent|procent|procent
km: kilometr|kilometry|kilometrów|kilometra
m: metr|metry|metrów|metra
cm: centymetr|centymetry|centymetrów|centymetra
mm: milimetr|milimetry|milimetrów|milimetra
km/h: kilometr na godzinę|kilometry na godzinę|kilometrów na godzinę|kilometra na godzinę
m/s: metr na sekundę|metry na sekundę|metrów na sekundę|metra na sekundę
kg: kilogram|kilogramy|kilogramów|kilograma
g: gram|gramy|gramów|grama
l L: litr|litry|litrów|litra
ml: mililitr|mililitry|mililitrów|mililitra
m² m2: metr kwadratowy|metry kwadratowe|metrów kwadratowych|metra kwadratowego
m³ m3: metr sześcienny|metry sześcienne|metrów sześciennych|metra sześciennego
µg/m³: mikrogram na metr|mikrogramy na metr|mikrogramów na metr|mikrograma na metr
W: wat|waty|watów|wata
kW: kilowat|kilowaty|kilowatów|kilowata
Wh: watogodzina|watogodziny|watogodzin|watogodziny
kWh: kilowatogodzina|kilowatogodziny|kilowatogodzin|kilowatogodziny
V: wolt|wolty|woltów|wolta
A: amper|ampery|amperów|ampera
hPa: hektopaskal|hektopaskale|hektopaskali|hektopaskala
bar: bar|bary|barów|bara
lx: luks|luksy|luksów|luksa
dB: decybel|decybele|decybeli|decybela
ppm: część na milion|części na milion|części na milion|części na milion
MB: megabajt|megabajty|megabajtów|megabajta
GB: gigabajt|gigabajty|gigabajtów|gigabajta
Mbit/s Mbps: megabit na sekundę|megabity na sekundę|megabitów na sekundę|megabita na sekundę
ms: milisekunda|milisekundy|milisekund|milisekundy
s: sekunda|sekundy|sekund|sekundy
min: minuta|minuty|minut|minuty
h: godzina|godziny|godzin|godziny
kcal: kilokaloria|kilokalorie|kilokalorii|kilokalorii
Hz: herc|herce|herców|herca
MHz: megaherc|megaherce|megaherców|megaherca
GHz: gigaherc|gigaherce|gigaherców|gigaherca
mg: miligram|miligramy|miligramów|miligrama
"""),
    currencies={
        "zł PLN": ("złoty|złote|złotych|złotego", "grosz|grosze|groszy|grosza"),
        "€ EUR": ("euro|euro|euro|euro", "cent|centy|centów|centa"),
        "$ USD US$": ("dolar|dolary|dolarów|dolara", "cent|centy|centów|centa"),
        "£ GBP": ("funt|funty|funtów|funta", "pens|pensy|pensów|pensa"),
        "¥ JPY": ("jen|jeny|jenów|jena", ""),
    },
    per="na",
    cents="",
    fractions=symbols(
        "½ pół  ⅓ jedna trzecia  ⅔ dwie trzecie  ¼ jedna czwarta  ¾ trzy czwarte  ⅛ jedna ósma"
    ),
    mixed="i",
    abbreviations=abbreviated("""
np. = na przykład
m.in. = między innymi
m. in. = między innymi
tzn. = to znaczy
tj. = to jest
itd. = i tak dalej
itp. = i tym podobne
ok. = około
dr = doktor
mgr = magister
inż. = inżynier
prof. = profesor
ul. = ulica
nr = numer
godz. = godzina
zob. = zobacz
św. = święty
"""),
    months=listed(
        "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października "
        "listopada grudnia"
    ),
    date="{day} {month}{year}",
    day=polish_genitive,
    clock=polish_clock,
    ordinal=polish,
    after_year=" roku",
    dotted_dates=True,
    numbered=frozenset(listed("rozdział część tom akt artykuł wiek faza typ")),
    scales=r"tys\.|tysięcy|mln|miliony?|milionów|mld|miliardów",
    plural=polish_plural,
)
