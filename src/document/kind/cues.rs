//! Words by which kinds of documents are told apart, in several languages, and how often a text has
//! them.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};

/// What a word is a sign of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cue {
    /// A story: somebody says something.
    Told,
    /// A story: people whose names the reader knows.
    Person,
    /// A story: it begins as tales do.
    Tale,
    /// Rules: somebody has to do something.
    Binds,
    /// Rules: what they are about.
    Legal,
    /// Rules: their titles.
    Rules,
    /// The record of a meeting: its titles.
    Record,
    /// The record of a meeting: who was there.
    Attends,
    /// The record of a meeting: what was decided.
    Decides,
    /// The record of a meeting: who does what, and when the next one is.
    Follows,
    /// Research: its summary, and the words that it is found by.
    Abstract,
    /// Research: its parts.
    Parts,
    /// Research: what it cites, proves and measures.
    Evidence,
    /// Software and devices.
    Technical,
    /// Lists of changes: their titles.
    Changes,
    /// Lists of changes: what was done.
    Changed,
}

/// How many sorts of cues there are.
const SORTS: usize = Cue::Changed as usize + 1;

/// Bytes in which a document's title stands, mostly.
const BEGINNING: usize = 400;

/// Bytes of a title, about.
const TITLE: usize = 120;

/// Words in small letters, with a bar between two. A star stands for any ending.
const CUES: [(Cue, &str); SORTS] = [
    (
        Cue::Told,
        "said|asked|replied|answered|whispered|cried|shouted|muttered|murmured|exclaimed|laughed|\
         nodded|sighed|grinned|sagte|fragte|antwortete|rief|flüsterte|murmelte|erwiderte|lachte|\
         nickte|dit|demanda|répondit|cria|murmura|s'écria|dijo|preguntó|respondió|contestó|gritó|\
         susurró|exclamó|disse|chiese|rispose|gridò|sussurrò|perguntou|respondeu|gritou|murmurou|\
         zei|vroeg|antwoordde|riep|fluisterde|powiedział*|zapytał*|odparł*|szepnął|szepnęła|rzekł*|\
         сказал*|спросил*|ответил*|прошептал*|крикнул*|说道*|问道*|答道*|と言*|と尋ね*|と答え*|つぶや*",
    ),
    (
        Cue::Person,
        "he|she|him|her|his|himself|herself|i|me|my|er|ihm|ihn|ihr|ich|mir|mich|seine|seinen|il|\
         elle|lui|je|j'ai|j'avais|él|ella|yo|lei|io|gli|ele|ela|eu|lhe|hij|hem|haar|ik|ona|jego|jej|\
         он|она|его|ему|ей|я|мне|他|她|彼*|おじいさん*|おばあさん*|娘*",
    ),
    (
        Cue::Tale,
        "once upon a time|there was once|there once was|es war einmal|il était une fois|érase una \
         vez|había una vez|c'era una volta|era uma vez|er was eens|dawno, dawno temu|жил-был*|\
         жили-были|昔々*|むかしむかし*|从前*|كان يا ما كان",
    ),
    (
        Cue::Binds,
        "shall|must not|may not|hereby|herein|thereof|hereinafter|undertakes|is entitled|agrees|\
         may terminate|your rights|at its discretion|is liable|are liable|not liable|not permitted|\
         is forbidden|must be made in|must be given|verpflichtet|berechtigt|bedarf|bedürfen|haftet|\
         nachfolgend|unverzüglich|vorbehalten|ci-après|s'engage|est tenu|tenu responsable|\
         conformément|se réserve|peut résilier|se obliga|en adelante|deberá|podrá|abonará|si obbliga|\
         dovrà|di seguito|obriga-se|doravante|deverá|poderá|verplicht|hierna|zobowiązuj*|niniejsz*|\
         обязуется|вправе|именуем*|应当*|不得*|するものとする*",
    ),
    (
        Cue::Legal,
        "agreement|contract|lease|licence*|license*|liable|liabilit*|warrant*|terminat*|party|\
         parties|tenant|landlord|clause|breach|consent|confidential*|indemnif*|damages|jurisdiction|\
         governed|personal data|your data|privacy|we do not|third parties|unenforceable|\
         noninfringement|amended|suspend|overdue|vertrag*|haft*|kündig*|gekündigt|miete*|vermieter*|\
         datenschutz*|gewährleist*|schriftlich*|zustimmung|contrat*|vendeur|bailleur|locataire|\
         responsab*|litige*|tribunaux|rétract*|résili*|cláusula*|partes|arrenda*|rescisión|\
         jurisdicción|confidencial*|honorarios|preaviso|contratto|locatore|conduttore|overeenkomst*|\
         partijen|huurder|verhuurder|umow*|договор*|сторон*|аренд*|合同*|协议*|条款*|责任*|契約*|責任*",
    ),
    (
        Cue::Rules,
        "agreement|contract|policy|terms of|terms and|licence|license|rules of|bylaws|vertrag|\
         mietvertrag|kaufvertrag|arbeitsvertrag|geschäftsbedingungen|datenschutzerklärung|satzung|\
         hausordnung|nutzungsbedingungen|contrat|conditions générales|règlement|politique de|\
         contrato|términos y|política de|reglamento|contratto|condizioni|regolamento|termos de|\
         overeenkomst|voorwaarden|umowa|regulamin|договор|соглашение|правила|合同|协议|契約書|規約",
    ),
    (
        Cue::Record,
        "minutes|meeting notes|notes from|notes of|weekly sync|protokoll*|niederschrift|compte \
         rendu|compte-rendu|procès-verbal|acta|notulen|verslag|verbale|ata|protokół|протокол|\
         会议纪要*|会议记录*|議事録*",
    ),
    (
        Cue::Attends,
        "present:|attendees|attendance|apologies|who was there|participants:|anwesend*|teilnehmer*|\
         entschuldigt|présents|excusée|excusés|asistentes|aanwezig*|presenti|presentes|obecni|\
         присутств*|出席*|参会*",
    ),
    (
        Cue::Decides,
        "agreed|resolved|approved|carried|decided|decision*|proposed|beschluss*|beschlossen|\
         genehmigt|enthaltung*|adopté*|unanimité|se acuerda|se aprueba|unanimidad|approvat*|\
         aprovad*|besloten|akkoord|uchwał*|решили|постанов*|决定*|決定*",
    ),
    (
        Cue::Follows,
        "action items|action:|actions:|to do|next meeting|next time|any other business|the meeting \
         closed|aufgaben|nächste sitzung|nächstes treffen|verschiedenes|prochaine réunion|séance est \
         levée|próxima reunión|se levanta la sesión|ruegos y preguntas|orden del día|prossima \
         riunione|próxima reunião|volgende vergadering|rondvraag|sluiting|następne|повестк*|下次会议*",
    ),
    (
        Cue::Abstract,
        "abstract|keywords|key words|schlüsselwörter|zusammenfassung|schlagwörter|résumé|mots-clés|\
         mots clés|resumen|palabras clave|riassunto|parole chiave|palavras-chave|trefwoorden|słowa \
         kluczowe|аннотация|ключевые слова|摘要*|关键词*|要旨*|キーワード*",
    ),
    (
        Cue::Parts,
        "introduction|background|methods|results|discussion|conclusion|conclusions|related work|\
         experiments|acknowledgments|acknowledgements|einleitung|hintergrund|methoden|ergebnisse|\
         diskussion|schlussfolgerung*|méthodes|résultats|introducción|objetivo|métodos|resultados|\
         conclusiones|metodi|risultati|conclusioni|введение|методы|результаты|выводы|方法*|结果*|\
         结论*|結果*|考察*",
    ),
    (
        Cue::Evidence,
        "et al|doi|p =|p <*|sd =|95 %*|95%*|ci:|our results|we show|we propose|we tested|in this \
         paper|theorem|lemma|proof|corollary|hypothesis|randomized|randomised|significant*|cohort|\
         signifikant*|querschnitt*|randomisiert*|regression|ensayo clínico|revisión sistemática|\
         metaanálisis|étude randomisée|ablation|state of the art|state-of-the-art",
    ),
    (Cue::Technical, TECHNICAL),
    (
        Cue::Changes,
        "changelog|change log|release notes|what's new|what’s new|release history|version history|\
         versionshinweise|änderungen|neuerungen|journal des modifications|nouveautés|notes de \
         version|novedades|registro de cambios|notas de la versión|note di rilascio|novità|novidades|\
         wijzigingen|zmiany|список изменений|更新日志*|更新履歴*|変更履歴*|リリースノート*",
    ),
    (
        Cue::Changed,
        "added|fixed|fix|fixes|removed|changed|deprecated|improved|updated|now supports|no longer|\
         bug fixes|bugfix*|behoben*|geändert|hinzugefügt|entfernt|correction*|corrigé*|amélior*|\
         ajout*|suppression|corregid*|añadid*|corrett*|aggiunt*|corrigid*|adicionad*|opgelost|\
         toegevoegd|naprawion*|dodano|исправлен*|добавлен*|修复*|新增*|修正*|追加*",
    ),
];

const TECHNICAL: &str = "api|cli|config*|command|commands|default|defaults|directory|docker|endpoint*|error|errors|\
     file|files|filename|firmware|flag|flags|function*|git|header|headers|http*|install*|interface*|\
     json|kernel|linux|module*|option|options|package*|parameter*|parser|path|plugin*|port|protocol*|\
     python|query|readme|repository|request|requests|response|responses|rust|script*|server*|shell|\
     software|sql|ssh|stdin|stdout|string|strings|syntax|terminal|timeout*|token*|type|types|url|\
     usage|utf|variable*|version|versions|xml|yaml|usb|led|cpu|gpu|cache|thread*|compil*|implement*|\
     deprecat*|compatib*|library|libraries|crate|crates|client*|boolean|integer|payload|cron|backup*|\
     database*|stanza|container*|datei*|befehl*|einstell*|installier*|konfigur*|taste|tasten|gerät*|\
     stromversorgung|spannung*|schnittstelle*|verzeichnis*|ordner|zurücksetzen|fichier*|commande|\
     installer|paramètre*|répertoire|serveur*|logiciel*|archivo*|instalar|comando*|parámetro*|\
     servidor*|directorio|predeterminad*|cartella|installare|parametr*|arquivo*|diretório|bestand*|\
     installeren|plik*|polecen*|файл*|команд*|установ*|сервер*|параметр*|文件*|安装*|配置*|服务器*|\
     命令*|参数*|默认*|ファイル*|サーバー*|設定*|インストール*|コマンド*|起動*|既定値*";

/// How often each cue is in a text.
#[derive(Debug)]
pub struct Cues {
    all: [usize; SORTS],
    /// Different words of each.
    kinds: [usize; SORTS],
    beginning: [usize; SORTS],
}

/// All cues in one automaton: what each pattern is a sign of, and whether any ending may follow.
static AUTOMATON: LazyLock<(AhoCorasick, Vec<(Cue, bool)>)> = LazyLock::new(|| {
    let patterns = || CUES.iter().flat_map(|(cue, words)| words.split('|').map(|w| (*cue, w)));
    let words = patterns().map(|(_, word)| word.trim_end_matches('*'));
    let automaton = AhoCorasick::builder().match_kind(MatchKind::Standard).build(words);
    let signs = patterns().map(|(cue, word)| (cue, word.ends_with('*'))).collect();
    (automaton.expect("few patterns"), signs)
});

impl Cues {
    /// Counts the cues of a text in small letters.
    pub fn new(lower: &str) -> Self {
        let (automaton, signs) = &*AUTOMATON;
        let mut cues = Self { all: [0; SORTS], kinds: [0; SORTS], beginning: [0; SORTS] };
        let mut seen = vec![false; signs.len()];
        for found in automaton.find_overlapping_iter(lower) {
            let (before, word) = (&lower[..found.start()], &lower[found.range()]);
            let (cue, open) = signs[found.pattern().as_usize()];
            // Signs of scripts without spaces stand anywhere.
            let spaced = word.starts_with(|c: char| c.is_alphanumeric() && c < '\u{2e80}');
            let inside = spaced && before.ends_with(char::is_alphanumeric)
                || !open && lower[found.end()..].starts_with(char::is_alphanumeric);
            if inside {
                continue;
            }
            let sort = cue as usize;
            let titles = matches!(cue, Cue::Rules | Cue::Record | Cue::Changes);
            cues.all[sort] += 1;
            let new = !std::mem::replace(&mut seen[found.pattern().as_usize()], true);
            cues.kinds[sort] += usize::from(new);
            cues.beginning[sort] +=
                usize::from(found.start() < if titles { TITLE } else { BEGINNING });
        }
        cues
    }

    /// How often words of this sort occur.
    pub fn count(&self, cue: Cue) -> f64 {
        self.all[cue as usize] as f64
    }

    /// How many different words of this sort occur.
    pub fn kinds(&self, cue: Cue) -> f64 {
        self.kinds[cue as usize] as f64
    }

    /// Whether the text begins with one, about.
    pub fn begins(&self, cue: Cue) -> bool {
        self.beginning[cue as usize] > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test(unsupported = test)]
    fn words_are_counted_whole() {
        let cues =
            Cues::new("he said that theorems said 说道 it; the miete and the mieter, unsaid.");
        assert_eq!((cues.count(Cue::Told), cues.kinds(Cue::Told)), (3.0, 2.0));
        assert_eq!((cues.count(Cue::Person), cues.count(Cue::Evidence)), (1.0, 0.0));
        assert_eq!(cues.count(Cue::Legal), 2.0);
        assert!(cues.begins(Cue::Told) && !cues.begins(Cue::Rules));
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn every_sort_has_its_place() {
        for (place, (cue, words)) in CUES.iter().enumerate() {
            assert_eq!(place, *cue as usize);
            assert!(words.split('|').all(|word| !word.is_empty() && word == word.to_lowercase()));
        }
    }
}
