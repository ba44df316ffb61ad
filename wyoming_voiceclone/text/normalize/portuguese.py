"""Portuguese."""

from wyoming_voiceclone.text.normalize.ordinals import romance
from wyoming_voiceclone.text.normalize.words import Words, abbreviated, listed, symbols, units

WORDS = Words(
    decimal=",",
    minus="menos",
    point="ponto",
    dot="ponto",
    at="arroba",
    to="a",
    code="Código.",
    symbols=symbols(
        "& e  @ arroba  # número  + mais  = igual a  × vezes  ÷ dividido por  ± mais ou menos  "
        "≈ aproximadamente  ~ aproximadamente  < menor que  > maior que  ≤ no máximo  ≥ no "
        "mínimo  ≠ diferente de  → para  § secção  ° graus  #tag hashtag  √ raiz de  ∞ infinito"
    ),
    units=units("""
°C: grau Celsius|graus Celsius
°F: grau Fahrenheit|graus Fahrenheit
°: grau|graus
%: por cento|por cento
km: quilómetro|quilómetros
m: metro|metros
cm: centímetro|centímetros
mm: milímetro|milímetros
km/h: quilómetro por hora|quilómetros por hora
m/s: metro por segundo|metros por segundo
kg: quilograma|quilogramas
g: grama|gramas
l L: litro|litros
ml: mililitro|mililitros
m² m2: metro quadrado|metros quadrados
m³ m3: metro cúbico|metros cúbicos
µg/m³ μg/m³: micrograma por metro cúbico|microgramas por metro cúbico
W: watt|watts
kW: quilowatt|quilowatts
Wh: watt-hora|watts-hora
kWh: quilowatt-hora|quilowatts-hora
V: volt|volts
A: ampere|amperes
hPa: hectopascal|hectopascais
bar: bar|bares
lx: lux|lux
dB: decibel|decibéis
ppm: parte por milhão|partes por milhão
MB: megabyte|megabytes
GB: gigabyte|gigabytes
Mbit/s Mbps: megabit por segundo|megabits por segundo
ms: milissegundo|milissegundos
s: segundo|segundos
min: minuto|minutos
h: hora|horas
kcal: quilocaloria|quilocalorias
Hz: hertz|hertz
MHz: megahertz|megahertz
GHz: gigahertz|gigahertz
mg: miligrama|miligramas
"""),
    currencies={
        "€ EUR": ("euro|euros", "cêntimo|cêntimos"),
        "R$ BRL": ("real|reais", "centavo|centavos"),
        "$ USD US$": ("dólar|dólares", "centavo|centavos"),
        "£ GBP": ("libra|libras", "penny|pence"),
        "¥ JPY": ("iene|ienes", ""),
    },
    per="por",
    cents="e",
    fractions=symbols(
        "½ um meio  ⅓ um terço  ⅔ dois terços  ¼ um quarto  ¾ três quartos  ⅛ um oitavo"
    ),
    mixed="e",
    abbreviations=abbreviated("""
p. ex. = por exemplo
p.ex. = por exemplo
etc. = et cetera
aprox. = aproximadamente
Sr. = senhor
Sra. = senhora
Srta. = senhorita
Dr. = doutor
Dra. = doutora
Prof. = professor
n.º = número
nº = número
pág. = página
"""),
    months=listed(
        "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro"
    ),
    date="{day} de {month}{year}",
    day=lambda number, _: "primeiro" if number == 1 else str(number),
    clock=lambda hour, minute: f"{hour} e {minute}" if minute else f"{hour} horas",
    ordinal=lambda number, ending: romance("pt", number, ending),
    clock_suffix=r"(?:\s*(?:horas|h)(?!\w))?",
    ordinal_endings=r"\.?º|\.?ª",
    before_year=" de ",
    numbered=frozenset(listed("capítulo parte tomo ato artigo volume século fase tipo")),
    scales=r"mil|milhão|milhões|bilhões",
    of="de",
)
