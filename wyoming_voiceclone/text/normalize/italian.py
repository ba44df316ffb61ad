"""Italian."""

from wyoming_voiceclone.text.normalize.ordinals import romance
from wyoming_voiceclone.text.normalize.words import Words, abbreviated, listed, symbols, units

WORDS = Words(
    decimal=",",
    minus="meno",
    point="punto",
    dot="punto",
    at="chiocciola",
    to="a",
    code="Codice.",
    symbols=symbols(
        "& e  @ chiocciola  # numero  + più  = uguale a  × per  ÷ diviso  ± più o meno  ≈ circa"
        "  ~ circa  < minore di  > maggiore di  ≤ al massimo  ≥ almeno  ≠ diverso da  → a  § "
        "paragrafo  ° gradi  #tag hashtag  √ radice di  ∞ infinito"
    ),
    units=units("""
°C: grado Celsius|gradi Celsius
°F: grado Fahrenheit|gradi Fahrenheit
°: grado|gradi
%: per cento|per cento
km: chilometro|chilometri
m: metro|metri
cm: centimetro|centimetri
mm: millimetro|millimetri
km/h: chilometro orario|chilometri orari
m/s: metro al secondo|metri al secondo
kg: chilogrammo|chilogrammi
g: grammo|grammi
l L: litro|litri
ml: millilitro|millilitri
m² m2: metro quadrato|metri quadrati
m³ m3: metro cubo|metri cubi
µg/m³ μg/m³: microgrammo per metro cubo|microgrammi per metro cubo
W: watt|watt
kW: chilowatt|chilowatt
Wh: wattora|wattora
kWh: chilowattora|chilowattora
V: volt|volt
A: ampere|ampere
hPa: ettopascal|ettopascal
bar: bar|bar
lx: lux|lux
dB: decibel|decibel
ppm: parte per milione|parti per milione
MB: megabyte|megabyte
GB: gigabyte|gigabyte
Mbit/s Mbps: megabit al secondo|megabit al secondo
ms: millisecondo|millisecondi
s: secondo|secondi
min: minuto|minuti
h: ora|ore
kcal: chilocaloria|chilocalorie
Hz: hertz|hertz
MHz: megahertz|megahertz
GHz: gigahertz|gigahertz
mg: milligrammo|milligrammi
"""),
    currencies={
        "€ EUR": ("euro|euro", "centesimo|centesimi"),
        "$ USD US$": ("dollaro|dollari", "centesimo|centesimi"),
        "£ GBP": ("sterlina|sterline", "penny|pence"),
        "¥ JPY": ("yen|yen", ""),
        "CHF": ("franco svizzero|franchi svizzeri", "centesimo|centesimi"),
    },
    per="al",
    cents="e",
    fractions=symbols(
        "½ un mezzo  ⅓ un terzo  ⅔ due terzi  ¼ un quarto  ¾ tre quarti  ⅛ un ottavo"
    ),
    mixed="e",
    abbreviations=abbreviated("""
p. es. = per esempio
p.es. = per esempio
ecc. = eccetera
etc. = eccetera
ca. = circa
Sig. = signor
Sig.ra = signora
Sig.na = signorina
Dott. = dottor
Dott.ssa = dottoressa
Dr. = dottor
Prof. = professor
Ing. = ingegner
Avv. = avvocato
n. = numero
pag. = pagina
"""),
    months=listed(
        "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre "
        "novembre dicembre"
    ),
    date="{day} {month}{year}",
    day=lambda number, _: "primo" if number == 1 else str(number),
    clock=lambda hour, minute: f"{hour} e {minute}" if minute else f"{hour} in punto",
    ordinal=lambda number, ending: romance("it", number, ending),
    ordinal_endings=r"º|ª",
    numbered=frozenset(listed("capitolo parte tomo atto articolo volume secolo fase tipo")),
    scales=r"mila|milione|milioni|miliardi?",
    of="di",
)
