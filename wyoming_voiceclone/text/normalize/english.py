"""English."""

from wyoming_voiceclone.text.normalize.ordinals import english, english_clock
from wyoming_voiceclone.text.normalize.words import Words, abbreviated, listed, symbols, units

WORDS = Words(
    decimal=".",
    minus="minus",
    point="point",
    dot="dot",
    at="at",
    to="to",
    code="Code.",
    symbols=symbols(
        "& and  @ at  # number  + plus  = equals  × times  ÷ divided by  ± plus or minus  ≈ about"
        "  ~ about  < less than  > greater than  ≤ at most  ≥ at least  ≠ not equal to  → to"
        "  § section  ° degrees  #tag hashtag  √ square root of  ∞ infinity"
    ),
    units=units("""
°C ℃: degree Celsius|degrees Celsius
°F ℉: degree Fahrenheit|degrees Fahrenheit
°: degree|degrees
%: percent|percent
‰: per mille|per mille
km: kilometer|kilometers
m: meter|meters
cm: centimeter|centimeters
mm: millimeter|millimeters
ft: foot|feet
mi: mile|miles
km/h kmh kph: kilometer per hour|kilometers per hour
m/s: meter per second|meters per second
mph: mile per hour|miles per hour
kg: kilogram|kilograms
g: gram|grams
mg: milligram|milligrams
lb lbs: pound|pounds
oz: ounce|ounces
l L: liter|liters
ml mL: milliliter|milliliters
m² m2: square meter|square meters
m³ m3: cubic meter|cubic meters
µg/m³ μg/m³: microgram per cubic meter|micrograms per cubic meter
W: watt|watts
kW: kilowatt|kilowatts
MW: megawatt|megawatts
Wh: watt hour|watt hours
kWh: kilowatt hour|kilowatt hours
MWh: megawatt hour|megawatt hours
V: volt|volts
A: amp|amps
mA: milliamp|milliamps
Hz: hertz|hertz
kHz: kilohertz|kilohertz
MHz: megahertz|megahertz
GHz: gigahertz|gigahertz
hPa: hectopascal|hectopascals
bar: bar|bar
mbar: millibar|millibars
lx: lux|lux
dB: decibel|decibels
dBm: decibel milliwatt|decibel milliwatts
ppm: part per million|parts per million
kB KB: kilobyte|kilobytes
MB: megabyte|megabytes
GB: gigabyte|gigabytes
TB: terabyte|terabytes
Mbps Mbit/s: megabit per second|megabits per second
ms: millisecond|milliseconds
s sec secs: second|seconds
min mins: minute|minutes
h hr hrs: hour|hours
kcal: kilocalorie|kilocalories
"""),
    currencies={
        "$ USD US$": ("dollar|dollars", "cent|cents"),
        "€ EUR": ("euro|euros", "cent|cents"),
        "£ GBP": ("pound|pounds", "penny|pence"),
        "¥ JPY": ("yen|yen", ""),
        "CHF": ("Swiss franc|Swiss francs", "centime|centimes"),
        "zł PLN": ("zloty|zlotys", "grosz|groszy"),
        "₹ INR": ("rupee|rupees", "paisa|paise"),
    },
    per="per",
    cents="and",
    fractions=symbols(
        "½ one half  ⅓ one third  ⅔ two thirds  ¼ one quarter  ¾ three quarters  ⅕ one fifth"
        "  ⅛ one eighth  ⅜ three eighths  ⅝ five eighths  ⅞ seven eighths"
    ),
    mixed="and",
    abbreviations=abbreviated("""
e.g. = for example
i.e. = that is
etc. = et cetera
vs. = versus
approx. = approximately
Dr. = Doctor
Mr. = Mister
Mrs. = Missus
Ms. = Miz
Prof. = Professor
St. = Saint
Mt. = Mount
No. = number
p. = page
pp. = pages
Jan. = January
Feb. = February
Aug. = August
Sept. = September
Oct. = October
Nov. = November
Dec. = December
"""),
    months=listed(
        "January February March April May June July August September October November December"
    ),
    date="{month} {day},{year}",
    day=english,
    clock=english_clock,
    ordinal=english,
    twelve_hours=True,
    years_in="en",
    clock_suffix=r"(?:\s*o['’]clock)?",
    ordinal_endings="st|nd|rd|th",
    dates_with_day_first=False,
    numbered=frozenset(listed("chapter part war act volume book phase level section article type")),
    scales="thousand|million|billion|trillion",
)
