"""Words that end in a full stop without ending a sentence, by language."""

from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Abbreviations:
    """What a full stop after a word means in one language; everything in lower case."""

    never: frozenset[str] = frozenset()
    """Something always follows: titles, `e.g`."""
    number: frozenset[str] = frozenset()
    """Abbreviated only before a number: `no. 5`, `Jan. 3`."""
    number_endings: tuple[str, ...] = ()
    """What an abbreviation before a number may end in: `Hauptstr. 5`."""
    last: frozenset[str] = frozenset()
    """Can be a sentence's last word: `etc`, `Inc`, `a.m`."""
    starters: frozenset[str] = frozenset()
    """Words that open a sentence, capitalised nowhere else."""
    before_ordinal: frozenset[str] = frozenset()
    """`am 3. Mai`: words in front of a number that make it an ordinal."""
    after_ordinal: frozenset[str] = frozenset()
    """Words behind a number that make it an ordinal."""
    semicolon_asks: bool = False
    """A semicolon is the question mark."""


@lru_cache(maxsize=64)
def abbreviations(language: str | None) -> Abbreviations:
    """Those of `language` (BCP-47), or of all languages together where it is not known."""
    base = (language or "").replace("_", "-").split("-")[0].lower()
    return _TABLES.get(base) or Abbreviations(
        never=frozenset().union(*(table.never for table in _TABLES.values())),
        number=frozenset().union(*(table.number for table in _TABLES.values())),
        last=frozenset().union(*(table.last for table in _TABLES.values())),
        starters=_TABLES["en"].starters,
    )


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_GERMANIC_ORDINAL = "am dem den der des die das im vom zum zur bis ab seit jeden jeder jedes mein"

_TABLES = {
    "en": Abbreviations(
        never=_words(
            "dr mr mrs ms messrs mx prof rev hon gen col capt lt sgt maj adm cmdr gov sen rep pres"
            " supt st mt e.g i.e eg ie vs cf viz approx al ca incl excl resp"
        ),
        number=_words(
            "no nos n° nº p pp fig figs vol vols ch sec art ver v eq ext apt jan feb mar apr jun"
            " jul aug sep sept oct nov dec tue tues wed thu thurs fri"
        ),
        last=_words(
            "etc inc ltd co corp bros jr sr dept est ave blvd rd ph.d b.a m.a b.sc m.sc bc ad"
            " a.m p.m a.d b.c u.s u.k u.s.a u.n e.u d.c"
        ),
        starters=_words(
            "a an the this that these those it its he she we you they i my your his her our their"
            " there here what when where who why how which if but and or so then now at in on by"
            " for from with as after before while because although however also yes no not do does"
            " did is are was were can could will would should please let one some many most all"
        ),
    ),
    "de": Abbreviations(
        never=_words(
            "dr hr hrn fr frl prof dipl ing st sog bzw ca z.b d.h u.a u.ä o.ä i.d.r z.t v.a"
            " i.a m.e s.o s.u vgl ggf evtl inkl exkl zzgl abzgl bsp bes insb allg ehem geb gest"
            " jhd mind tägl wöchentl ungef gem lt ev bspw d.j zw"
        ),
        number=_words(
            "max min nr nrn art abs kap bd abb abschn tab tel s seite str jan feb mär apr jun jul"
            " aug sep sept okt nov dez"
        ),
        number_endings=("str",),
        last=_words("usw etc usf uvm u.v.m gmbh co jr sen n.chr v.chr o.g"),
        before_ordinal=_words(_GERMANIC_ORDINAL + " unser ihr sein dein erster kein"),
        after_ordinal=_words(
            "januar jänner februar feber märz april mai juni juli august september oktober"
            " november dezember jan feb mär apr jun jul aug sep sept okt nov dez"
            " jahrhundert jahrhunderts weltkrieg weltkriegs stock klasse platz"
        ),
    ),
    "fr": Abbreviations(
        never=_words(
            "m mm mme mmes mlle mlles dr pr me mgr st ste cf env p.ex ex c.-à-d c.à.d éd av bd"
            " boul apr dir resp tél"
        ),
        number=_words("n no p pp art chap fig vol t janv févr avr juil sept oct nov déc"),
        last=_words("etc cie sté inc ltée j.-c"),
        starters=_words("le la les un une il elle ils elles on nous vous je tu ce cela et mais"),
    ),
    "es": Abbreviations(
        never=_words(
            "sr sra sres srta dr dra d dña prof profa ud uds vd vds p.ej ej gral cap lic ing arq"
            " avda av c cf aprox depto pág págs tel máx mín"
        ),
        number=_words("n no núm art vol fig cap p pp ene feb mar abr jun jul ago sept oct nov dic"),
        last=_words("etc cía s.a s.l a.m p.m a.c d.c ee.uu jr"),
        starters=_words("el la los las un una él ella ellos yo tú esto eso y pero no sí en"),
    ),
    "it": Abbreviations(
        never=_words(
            "sig sigg sig.ra sig.na dott dott.ssa dr prof prof.ssa ing avv arch geom rag mons"
            " p.es es cfr ca s ss f.lli tel pag pagg"
        ),
        number=_words(
            "max min n nn art cap fig vol p pp gen feb mar apr mag giu lug ago set ott nov dic"
        ),
        last=_words("ecc etc s.p.a s.r.l a.c d.c jr"),
        starters=_words("il lo la i gli le un una io tu lui lei noi voi loro questo ma e non"),
    ),
    "nl": Abbreviations(
        never=_words(
            "dhr mevr mw mr drs dr ir ing prof ds st bijv bv d.w.z dwz m.b.t o.a i.p.v t.o.v m.a.w"
            " a.u.b ca incl excl evt resp vgl zgn z.g n.a.v i.v.m"
        ),
        number=_words(
            "max min nr art blz p pag fig jan feb mrt apr jun jul aug sep sept okt nov dec tel"
        ),
        last=_words("enz etc e.d b.v n.v jr sr v.chr n.chr"),
        starters=_words("de het een hij zij ze wij we ik jij je dit dat deze die en maar er als"),
    ),
    "pt": Abbreviations(
        never=_words(
            "sr sra srs srta dr dra prof profa eng d p.ex ex exmo exma v.exa av aprox cf pág págs"
            " tel máx mín depto ltda"
        ),
        number=_words("n nº no núm art vol fig cap p pp jan fev mar abr jun jul ago set out nov"),
        last=_words("etc cia s.a a.c d.c jr"),
        starters=_words("o a os as um uma ele ela eles elas eu nós isto isso e mas não em"),
    ),
    "pl": Abbreviations(
        never=_words(
            "dr mgr inż prof hab płk gen ks św ul al pl np tzn tzw m.in tj por zob wg ds"
            " ew jw pt red tel woj pow gm"
        ),
        number=_words(
            "ok max min nr art str s t rozdz rys poz godz r sty lut mar kwi cze lip sie wrz paź"
        ),
        last=_words("itd itp etc in n.e p.n.e s.a zł gr tys mln mld"),
        before_ordinal=_words("dnia od do w na po przed około klasa o godzina godzinie"),
        after_ordinal=_words(
            "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października"
            " listopada grudnia wieku wiek rok roku piętro miejsce"
        ),
    ),
    "sv": Abbreviations(
        never=_words("dr prof hr st t.ex bl.a d.v.s dvs ca s.k f.d ev inkl exkl resp jfr kl"),
        number=_words("nr s art kap jan feb mar apr jun jul aug sep sept okt nov dec tel"),
        last=_words("etc osv m.m m.fl o.s.v"),
    ),
    "da": Abbreviations(
        never=_words("dr prof hr fr st f.eks bl.a dvs ca evt inkl ekskl jf pga mht kl"),
        number=_words("nr s art kap jan feb mar apr jun jul aug sep sept okt nov dec tlf"),
        last=_words("osv etc m.m m.fl"),
        before_ordinal=_words("den d det de til fra"),
        after_ordinal=_words(
            "januar februar marts april maj juni juli august september oktober november december"
        ),
    ),
    "ru": Abbreviations(
        never=_words("г-н г-жа проф акад им ул пр пер т.е т.н т.к напр см ср гр св"),
        number=_words("стр рис гл п ст табл"),
        last=_words("т.д т.п др пр руб коп тыс млн млрд гг в вв н.э"),
    ),
    "cs": Abbreviations(
        never=_words("dr ing mgr bc mudr prof doc p sv ul nám tzv tj např resp popř cca vč příp"),
        number=_words("č čís str obr kap odst tel"),
        last=_words("atd apod aj kč hod min n.l"),
        before_ordinal=_words("dne od do v ve na po před k ke"),
        after_ordinal=_words(
            "ledna února března dubna května června července srpna září října listopadu prosince"
            " století ročník patro místo"
        ),
    ),
}
_TABLES["el"] = Abbreviations(
    never=_words("κ κα δρ π.χ δηλ βλ αρ λεωφ"),
    last=_words("κλπ κ.λπ κ.ά μ.μ π.μ"),
    semicolon_asks=True,
)
_TABLES["nb"] = _TABLES["no"] = _TABLES["da"]
