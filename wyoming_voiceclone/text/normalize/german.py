"""German."""

from wyoming_voiceclone.text.normalize.ordinals import german
from wyoming_voiceclone.text.normalize.words import Words, abbreviated, listed, symbols, units

WORDS = Words(
    decimal=",",
    minus="minus",
    point="Punkt",
    dot="Punkt",
    at="ät",
    to="bis",
    code="Code.",
    symbols=symbols(
        "& und  @ ät  # Nummer  + plus  = gleich  × mal  ÷ geteilt durch  ± plus minus  ≈ etwa"
        "  ~ etwa  < kleiner als  > größer als  ≤ höchstens  ≥ mindestens  ≠ ungleich  → nach"
        "  § Paragraf  ° Grad  #tag Hashtag  √ Wurzel aus  ∞ unendlich"
    ),
    units=units("""
°C ℃: Grad Celsius|Grad Celsius
°F ℉: Grad Fahrenheit|Grad Fahrenheit
°: Grad|Grad
%: Prozent|Prozent
‰: Promille|Promille
km: Kilometer|Kilometer
m: Meter|Meter
cm: Zentimeter|Zentimeter
mm: Millimeter|Millimeter
km/h: Kilometer pro Stunde|Kilometer pro Stunde
m/s: Meter pro Sekunde|Meter pro Sekunde
kg: Kilogramm|Kilogramm
g: Gramm|Gramm
mg: Milligramm|Milligramm
l L: Liter|Liter
ml: Milliliter|Milliliter
m² m2: Quadratmeter|Quadratmeter
m³ m3: Kubikmeter|Kubikmeter
µg/m³ μg/m³: Mikrogramm pro Kubikmeter|Mikrogramm pro Kubikmeter
W: Watt|Watt
kW: Kilowatt|Kilowatt
MW: Megawatt|Megawatt
Wh: Wattstunde|Wattstunden
kWh: Kilowattstunde|Kilowattstunden
MWh: Megawattstunde|Megawattstunden
V: Volt|Volt
A: Ampere|Ampere
mA: Milliampere|Milliampere
Hz: Hertz|Hertz
kHz: Kilohertz|Kilohertz
MHz: Megahertz|Megahertz
GHz: Gigahertz|Gigahertz
hPa: Hektopascal|Hektopascal
bar: Bar|Bar
mbar: Millibar|Millibar
lx: Lux|Lux
dB: Dezibel|Dezibel
ppm: Teil pro Million|Teile pro Million
kB KB: Kilobyte|Kilobyte
MB: Megabyte|Megabyte
GB: Gigabyte|Gigabyte
TB: Terabyte|Terabyte
Mbit/s Mbps: Megabit pro Sekunde|Megabit pro Sekunde
ms: Millisekunde|Millisekunden
s Sek.: Sekunde|Sekunden
min Min.: Minute|Minuten
h Std.: Stunde|Stunden
kcal: Kilokalorie|Kilokalorien
"""),
    currencies={
        "€ EUR": ("Euro|Euro", "-Cent|Cent"),
        "$ USD US$": ("Dollar|Dollar", "-Cent|Cent"),
        "£ GBP": ("Pfund|Pfund", "-Penny|Pence"),
        "¥ JPY": ("Yen|Yen", ""),
        "CHF": ("Franken|Franken", "-Rappen|Rappen"),
        "zł PLN": ("Złoty|Złoty", "-Groszy|Groszy"),
    },
    per="pro",
    cents="",
    fractions=symbols(
        "½ ein halb  ⅓ ein Drittel  ⅔ zwei Drittel  ¼ ein Viertel  ¾ drei Viertel  ⅕ ein Fünftel"
        "  ⅛ ein Achtel"
    ),
    mixed="und",
    abbreviations=abbreviated("""
z. B. = zum Beispiel
z.B. = zum Beispiel
d. h. = das heißt
d.h. = das heißt
u. a. = unter anderem
u.a. = unter anderem
usw. = und so weiter
etc. = et cetera
bzw. = beziehungsweise
ca. = circa
ggf. = gegebenenfalls
evtl. = eventuell
vgl. = vergleiche
inkl. = inklusive
Dr. = Doktor
Prof. = Professor
Hr. = Herr
Hrn. = Herrn
Fr. = Frau
St. = Sankt
Nr. = Nummer
Str. = Straße
Jan. = Januar
Feb. = Februar
Aug. = August
Sept. = September
Okt. = Oktober
Nov. = November
Dez. = Dezember
"""),
    months=listed(
        "Januar Februar März April Mai Juni Juli August September Oktober November Dezember"
    ),
    date="{day} {month}{year}",
    day=german,
    clock=lambda hour, minute: f"{hour} Uhr {minute}" if minute else f"{hour} Uhr",
    ordinal=german,
    clock_signs=":.",
    years_in="de",
    clock_suffix=r"(?:\s*Uhr)?",
    dotted_dates=True,
    numbered=frozenset(listed("kapitel teil band akt artikel phase stufe typ")),
    scales="Tausend|Millionen?|Milliarden?|Mio\\.|Mrd\\.",
)
