"""What a base voice is asked to say, so that its statistics are known."""

_NUMERALS = (
    "1, 2, 3, 4, 5, 6, 7, 8, 9, 10.",
    "11, 12, 13, 14, 15, 16, 17, 18, 19, 20.",
    "1867, 5934, 2415.",
    "30, 41, 52, 63, 74, 85, 96.",
    "7300, 9800, 6500, 4200.",
    "101, 213, 325, 437, 549.",
    "1 000 000, 2 500, 380.",
    "99, 88, 77, 66, 55, 44, 33, 22.",
)
"""Every voice reads them in its own language."""

_SENTENCES = {
    "en": (
        "The birds over the garden were singing before the sun came up.",
        "She asked me which of these chairs I would rather have.",
        "A good cup of coffee makes every morning a little easier.",
        "Please leave the key under the stone beside the blue door.",
        "We thought that the journey through the valley took five hours.",
        "My father usually fixes the roof in June, when it is dry.",
        "Nobody noticed how quickly the young horse jumped the fence.",
        "Two ships were waiting in the harbour for better weather.",
    ),
    "de": (
        "Die Vögel im Garten sangen schon, bevor die Sonne aufging.",
        "Sie fragte mich, welchen von diesen Stühlen ich lieber hätte.",
        "Eine gute Tasse Kaffee macht jeden Morgen ein wenig leichter.",
        "Bitte lege den Schlüssel unter den Stein neben der blauen Tür.",
        "Wir dachten, dass die Reise durch das Tal fünf Stunden dauert.",
        "Mein Vater repariert das Dach meistens im Juni, wenn es trocken ist.",
        "Niemand bemerkte, wie schnell das junge Pferd über den Zaun sprang.",
        "Zwei Schiffe warteten im Hafen auf besseres Wetter.",
    ),
    "fr": (
        "Les oiseaux du jardin chantaient déjà avant le lever du soleil.",
        "Elle m'a demandé laquelle de ces chaises je préférais.",
        "Une bonne tasse de café rend chaque matin un peu plus facile.",
        "Laisse la clé sous la pierre, à côté de la porte bleue.",
        "Nous pensions que le voyage dans la vallée durait cinq heures.",
        "Mon père répare le toit en juin, quand il fait sec.",
        "Personne n'a vu comme le jeune cheval sautait vite la barrière.",
        "Deux bateaux attendaient au port un temps meilleur.",
    ),
    "es": (
        "Los pájaros del jardín cantaban antes de que saliera el sol.",
        "Ella me preguntó cuál de estas sillas prefería yo.",
        "Una buena taza de café hace más fácil cada mañana.",
        "Deja la llave debajo de la piedra, junto a la puerta azul.",
        "Pensábamos que el viaje por el valle duraba cinco horas.",
        "Mi padre arregla el tejado en junio, cuando está seco.",
        "Nadie vio lo rápido que el joven caballo saltó la valla.",
        "Dos barcos esperaban en el puerto un tiempo mejor.",
    ),
    "it": (
        "Gli uccelli del giardino cantavano prima che sorgesse il sole.",
        "Lei mi ha chiesto quale di queste sedie preferissi.",
        "Una buona tazza di caffè rende ogni mattina più facile.",
        "Lascia la chiave sotto la pietra, accanto alla porta blu.",
        "Pensavamo che il viaggio nella valle durasse cinque ore.",
        "Mio padre ripara il tetto a giugno, quando è asciutto.",
        "Nessuno ha visto quanto in fretta il cavallo saltò il recinto.",
        "Due navi aspettavano nel porto un tempo migliore.",
    ),
    "nl": (
        "De vogels in de tuin zongen al voordat de zon opkwam.",
        "Ze vroeg me welke van deze stoelen ik liever had.",
        "Een goede kop koffie maakt elke ochtend wat gemakkelijker.",
        "Leg de sleutel onder de steen naast de blauwe deur.",
        "We dachten dat de reis door het dal vijf uur duurde.",
        "Mijn vader maakt het dak in juni, als het droog is.",
        "Niemand zag hoe snel het jonge paard over het hek sprong.",
        "Twee schepen wachtten in de haven op beter weer.",
    ),
}


def fit_sentences(language: str) -> tuple[str, ...]:
    """Eight short sentences in `language` (BCP-47), numerals where it has none of its own."""
    return _SENTENCES.get(language.replace("_", "-").split("-")[0].casefold(), _NUMERALS)
