//! Words with a full stop that end no sentence, in several languages. They are the ones that the
//! suppressions of Unicode's CLDR and the lists of Wikimedia's `sentencex` agree on, mostly, without
//! those that also end sentences ("etc.", "usw.") or are words of another language ("no.", "on.").

use std::collections::HashSet;
use std::sync::LazyLock;

/// What always belongs to what follows: titles, and what introduces something.
const BEFORE: &str = "
    mr mrs ms dr prof st mt gen gov rep sen hon rev capt cpt col lt sgt maj cmdr adm pres messrs supt
    fig figs eq eqs sec ch vol nos nr pp ed eds vs cf e.g i.e viz ca approx resp
    hr fr hrn frl z.b d.h u.a u.u o.ä v.a z.t z.z s.o s.u bzw vgl ggf evtl inkl exkl einschl zzgl
    sog sogen bspw ehem geb kath ev dipl ing rer phil jur abs abb kap bd anm
    mme mmes mm mlle mlles mgr cf chap env éd réf tél c.-à-d p.ex
    sr sra sres srta srtas dra lic arq gral cnel dña uds vds pág págs núm núms aprox dpto depto
    avda p.ej ej tel mons pbro
    sig sigg sig.ra sig.na dott dott.ssa prof.ssa avv arch geom pag pagg cfr
    profa eng exmo exma séc
    dhr mevr drs ir bijv blz o.a d.w.z t.a.v m.b.t
    inż hab ul nr np tzw tzn m.in św ks płk godz
    ул пл им проф акад см рис табл стр гл тел напр т.е т.н т.к обл
    κ κα δρ καθ σελ π.χ βλ
    např tzv tj č sv mudr judr t.ex bl.a f.eks örn bkz डॉ";

/// What belongs to a number that follows: pages, parts, numbers.
const BEFORE_NUMBERS: &str =
    "p s no cap gem n n° nº № art abs str tab t c § op pt cz r v ver vers max min ext rm apt";

/// After these a sentence mostly continues. It ends if the next word is one that sentences begin with.
const BETWEEN: &str = "co inc ltd corp bros jr univ dept assn llc plc gmbh";

/// Words that sentences begin with.
const STARTERS: &str = "
    a about after all although an and another are as at because before both but by did do does during
    each even every few for from had has have he her here his how however i if in is it its just last
    later let like many may maybe more most my never next no nobody not nothing now of on once one only
    or other our perhaps please several she should since so some still such than that the their then
    there these they this those though through thus to today under until was we well were what when
    where whether which while who why will with would yes yesterday yet you your
    das der die dies diese dieser ein eine er es ich ihr im sie wir
    ce cette elle il ils je la le les nous on un une vous
    el ella ellos este esta los las se su nosotros
    egli essa essi gli i lo noi questo questa";

static SETS: LazyLock<[HashSet<&str>; 4]> = LazyLock::new(|| {
    [BEFORE, BEFORE_NUMBERS, BETWEEN, STARTERS].map(|words| words.split_whitespace().collect())
});

/// Whether the sentence continues after this word (in small letters, without its full stop), whatever follows.
pub fn goes_on(word: &str) -> bool {
    SETS[0].contains(word)
}

/// Whether the sentence continues if a number follows.
pub fn counts(word: &str) -> bool {
    SETS[1].contains(word) || SETS[0].contains(word)
}

/// Whether the sentence continues unless the next word begins one.
pub fn may_end(word: &str) -> bool {
    SETS[2].contains(word)
}

/// Whether sentences begin with a word, in small letters.
pub fn starts(word: &str) -> bool {
    SETS[3].contains(word)
}
