"""Spanish."""

from wyoming_voiceclone.text.normalize.ordinals import romance
from wyoming_voiceclone.text.normalize.words import Words, abbreviated, listed, symbols, units

WORDS = Words(
    decimal=",",
    minus="menos",
    point="punto",
    dot="punto",
    at="arroba",
    to="a",
    code="Código.",
    symbols=symbols(
        "& y  @ arroba  # número  + más  = igual a  × por  ÷ entre  ± más menos  ≈ "
        "aproximadamente  ~ aproximadamente  < menor que  > mayor que  ≤ como máximo  ≥ como "
        "mínimo  ≠ distinto de  → a  § sección  ° grados  #tag hashtag  √ raíz de  ∞ infinito"
    ),
    units=units("""
°C: grado Celsius|grados Celsius
°F: grado Fahrenheit|grados Fahrenheit
°: grado|grados
%: por ciento|por ciento
km: kilómetro|kilómetros
m: metro|metros
cm: centímetro|centímetros
mm: milímetro|milímetros
km/h: kilómetro por hora|kilómetros por hora
m/s: metro por segundo|metros por segundo
kg: kilogramo|kilogramos
g: gramo|gramos
l L: litro|litros
ml: mililitro|mililitros
m² m2: metro cuadrado|metros cuadrados
m³ m3: metro cúbico|metros cúbicos
µg/m³ μg/m³: microgramo por metro cúbico|microgramos por metro cúbico
W: vatio|vatios
kW: kilovatio|kilovatios
Wh: vatio hora|vatios hora
kWh: kilovatio hora|kilovatios hora
V: voltio|voltios
A: amperio|amperios
hPa: hectopascal|hectopascales
bar: bar|bares
lx: lux|lux
dB: decibelio|decibelios
ppm: parte por millón|partes por millón
MB: megabyte|megabytes
GB: gigabyte|gigabytes
Mbit/s Mbps: megabit por segundo|megabits por segundo
ms: milisegundo|milisegundos
s: segundo|segundos
min: minuto|minutos
h: hora|horas
kcal: kilocaloría|kilocalorías
Hz: hercio|hercios
MHz: megahercio|megahercios
GHz: gigahercio|gigahercios
mg: miligramo|miligramos
"""),
    currencies={
        "€ EUR": ("euro|euros", "céntimo|céntimos"),
        "$ USD US$": ("dólar|dólares", "centavo|centavos"),
        "£ GBP": ("libra|libras", "penique|peniques"),
        "¥ JPY": ("yen|yenes", ""),
    },
    per="por",
    cents="con",
    fractions=symbols(
        "½ un medio  ⅓ un tercio  ⅔ dos tercios  ¼ un cuarto  ¾ tres cuartos  ⅛ un octavo"
    ),
    mixed="y",
    abbreviations=abbreviated("""
p. ej. = por ejemplo
p.ej. = por ejemplo
etc. = etcétera
aprox. = aproximadamente
Sr. = señor
Sra. = señora
Srta. = señorita
Sres. = señores
Dr. = doctor
Dra. = doctora
Ud. = usted
Uds. = ustedes
EE. UU. = Estados Unidos
EE.UU. = Estados Unidos
n.º = número
núm. = número
pág. = página
"""),
    months=listed(
        "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre"
    ),
    date="{day} de {month}{year}",
    day=lambda number, _: "primero" if number == 1 else str(number),
    clock=lambda hour, minute: f"{hour} y {minute}" if minute else f"{hour} en punto",
    ordinal=lambda number, ending: romance("es", number, ending),
    clock_suffix=r"(?:\s*(?:horas|h)(?!\w))?",
    ordinal_endings=r"\.?º|\.?ª|ª|º",
    before_year=" de ",
    numbered=frozenset(listed("capítulo parte tomo acto artículo volumen siglo fase tipo")),
    scales=r"mil|millón|millones",
    of="de",
)
