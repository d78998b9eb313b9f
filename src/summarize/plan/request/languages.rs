//! Words of requests, language by language.

use super::Language;

/// A language is added here; its cases go to `tests/native/requests.rs`.
pub const LANGUAGES: [Language; 12] = [
    // English
    Language {
        summarize: "summarize|summarise|condense|sum up|sum it up|sum this+up|sum the+up|recap",
        make: "provide|write|give|list|create|generate|make|produce|draft|compose",
        polite: "please|now|then|finally|kindly|task:|instruction:|question:|me",
        modal: "can you|could you|would you|will you|i want you to|i would like you to|your task is to",
        summary: "summary|summaries|abstract|tl;dr|tldr|headline|synopsis|main point|main points|main \
                  idea|key points|key takeaways|key message|gist",
        about: "what is+about|what's+about|what does it say|what does this say|what do i need to know",
        above: "above|preceding text|foregoing|previous text",
        this: "this text|this article|this document|this passage|this transcript|this conversation|this \
               meeting|this thread|this content|this report|this story|this paper|the text|the \
               article|the document|the passage|the transcript|the content",
        asks: "what|which|who|whom|when|where|why|how|does|do|is|are|was|were|did",
        how: "in|as|with|using|briefly|concisely|please",
        it: "this|it",
        units: ["sentence|sentences", "bullet point|bullet points|bullets|key points|points"],
        numbers: "one/single two three four five six seven",
    },
    // German
    Language {
        summarize: "fasse+zusammen|fass+zusammen|fassen sie+zusammen|zusammenfassen|kürze",
        make: "schreibe|schreib|schreiben sie|erstelle|erstellen sie|gib|geben sie|verfasse|formuliere|\
               formulieren sie|nenne|nennen sie",
        polite: "bitte|nun|jetzt|aufgabe:",
        modal: "kannst du|können sie|könntest du|könnten sie|würdest du|würden sie",
        summary: "zusammenfassung|kurzfassung|überschrift|kernaussage|hauptaussage|kernpunkte|\
                  wichtigsten punkte|stichpunkte",
        about: "worum geht es hier|worum geht es|worum geht's|worum gehts|wovon handelt|was steht drin|was steht \
                darin|was muss ich wissen",
        above: "obig*|oben|vorstehend*|vorangehend*|vorliegend*",
        this: "diesen text|diesem text|dieses textes|dieser text|diesen artikel|dieses artikels|dieser artikel|\
               dieses dokument|dieses dokuments|dieses gespräch|den text|des textes|den artikel|des \
               artikels|das dokument|des dokuments",
        asks: "was|welche|welcher|welches|wer|wen|wann|wo|warum|wie|worum|wovon",
        how: "in|als|mit|kurz|zusammen|bitte",
        it: "das|es",
        units: ["satz|sätze|sätzen", "stichpunkte|stichpunkten|punkte|punkten"],
        numbers: "ein/einem/einen zwei drei vier fünf sechs sieben",
    },
    // French
    Language {
        summarize: "résume|résumez|résumer|synthétise|synthétisez",
        make: "fais|faites|donne|donnez|écris|écrivez|rédige|rédigez|fournis|fournissez|propose|proposez",
        polite: "s'il te plaît|s'il vous plaît|merci de|maintenant|veuillez|-moi|moi",
        modal: "peux-tu|pouvez-vous|pourrais-tu|pourriez-vous",
        summary: "résumé|synthèse|idée principale|message principal|points clés|points principaux",
        about: "de quoi parle|de quoi s'agit-il|de quoi est-il question|de quoi il s'agit",
        above: "ci-dessus|précédent|qui précède|susmentionné",
        this: "ce texte|cet article|ce document|cette conversation|ce passage|le texte|l'article|le \
               document|du texte|du document|de l'article",
        asks: "quel|quelle|quels|quelles|que|qui|quand|où|pourquoi|comment|de quoi|qu'est-ce",
        how: "en|brièvement|sous",
        it: "cela|ceci",
        units: ["phrase|phrases", "points|tirets|puces"],
        numbers: "un/une/seule deux trois quatre cinq six sept",
    },
    // Spanish
    Language {
        summarize: "resume|resuma|resumid|resumir|resúmelo|resúmalo|sintetiza|sintetice",
        make: "haz|haga|escribe|escriba|da|dame|dé|proporciona|proporcione|redacta|redacte|elabora|elabore",
        polite: "por favor|ahora|me",
        modal: "puedes|puede|podrías|podría",
        summary: "resumen|síntesis|idea principal|mensaje principal|puntos clave|ideas principales",
        about: "de qué trata|de qué se trata|de qué habla",
        above: "anterior|anteriores|de arriba|precedente|antes expuesto",
        this: "este texto|este artículo|este documento|esta conversación|el texto|el artículo|el \
               documento|del texto|del artículo|del documento",
        asks: "qué|cuál|cuáles|quién|cuándo|dónde|por qué|cómo|de qué",
        how: "en|brevemente|con",
        it: "esto|lo",
        units: ["frase|frases|oración|oraciones", "puntos|viñetas"],
        numbers: "un/una/sola dos tres cuatro cinco seis siete",
    },
    // Italian
    Language {
        summarize: "riassumi|riassuma|riassumete|riassumere|sintetizza",
        make: "fai|fa|scrivi|scriva|dammi|fornisci|fornisca|redigi|crea",
        polite: "per favore|per cortesia|ora|adesso",
        modal: "puoi|può|potresti|potrebbe",
        summary: "riassunto|sintesi|sommario|idea principale|messaggio principale|punti chiave|punti \
                  principali",
        about: "di cosa parla|di cosa si tratta|di che si tratta|di cosa tratta",
        above: "sopra|precedente|sopracitato|suddetto|soprastante",
        this: "questo testo|questo articolo|quest'articolo|questo documento|il testo|l'articolo|il \
               documento|del testo|dell'articolo|del documento",
        asks: "qual|quale|quali|che|chi|cosa|quando|dove|perché|come|di cosa",
        how: "in|brevemente|con",
        it: "questo",
        units: ["frase|frasi", "punti"],
        numbers: "un/una/sola due tre quattro cinque sei sette",
    },
    // Portuguese
    Language {
        summarize: "resuma|resume|resumir|sintetize",
        make: "faça|faz|escreva|escreve|dê|forneça|elabore|crie",
        polite: "por favor|agora",
        modal: "pode|podes|poderia|você pode|você poderia",
        summary: "resumo|síntese|ideia principal|mensagem principal|pontos principais|pontos-chave",
        about: "do que se trata|de que se trata|do que trata|sobre o que é",
        above: "acima|anterior|precedente",
        this: "este texto|este artigo|este documento|esta conversa|o texto|o artigo|o documento|do \
               texto|do artigo|do documento|deste texto",
        asks: "qual|quais|que|quem|quando|onde|por que|como|do que",
        how: "em|brevemente|com",
        it: "isto|isso",
        units: ["frase|frases", "pontos|tópicos"],
        numbers: "um/uma/única dois/duas três quatro cinco seis sete",
    },
    // Dutch
    Language {
        summarize: "vat+samen|vatten+samen|samenvatten|samen te vatten",
        make: "schrijf|geef|maak|maakt u|geeft u",
        polite: "alsjeblieft|alstublieft|graag|nu",
        modal: "kun je|kunt u|kan je|zou je|zou u|wil je",
        summary: "samenvatting|hoofdgedachte|kernpunten|belangrijkste punten|kernboodschap",
        about: "waar gaat het over|waar gaat dit over|waarover gaat",
        above: "bovenstaand*|hierboven|voorgaand*|voornoemd*",
        this: "deze tekst|dit artikel|dit document|dit gesprek|de tekst|het artikel|het document",
        asks: "wat|welke|wie|wanneer|waar|waarom|hoe|waarover",
        how: "in|kort|samen",
        it: "dit|het",
        units: ["zin|zinnen", "punten|opsommingstekens"],
        numbers: "één/een twee drie vier vijf zes zeven",
    },
    // Polish
    Language {
        summarize: "streść|streścić|podsumuj|podsumować|streszczenie",
        make: "napisz|podaj|przygotuj|stwórz|zrób",
        polite: "proszę|teraz",
        modal: "czy możesz|możesz|czy mógłbyś|czy mogłabyś|czy może pan|czy może pani",
        summary: "streszczenie|podsumowanie|główna myśl|najważniejsze punkty",
        about: "o czym jest|o czym to jest|o co chodzi|czego dotyczy",
        above: "powyższ*|powyżej",
        this: "ten tekst|tego tekstu|ten artykuł|tego artykułu|ten dokument|tego dokumentu|tekst",
        asks: "co|jaka|jaki|jakie|kto|kiedy|gdzie|dlaczego|jak|o czym",
        how: "w|krótko",
        it: "to",
        units: ["zdaniu|zdanie|zdania|zdaniach|zdań", "punktach|punkty|punktów"],
        numbers: "jednym/jedno dwóch/dwa trzech/trzy czterech/cztery pięciu/pięć sześciu siedmiu",
    },
    // Russian
    Language {
        summarize: "резюмируй|резюмируйте|обобщи|обобщите|перескажи|перескажите|суммируй|суммируйте|\
                    подведи+итог|подведите+итог|резюмировать|обобщить|пересказать",
        make: "напиши|напишите|сделай|сделайте|дай|дайте|составь|составьте|сформулируй|сформулируйте",
        polite: "пожалуйста|теперь|кратко|коротко",
        modal: "можешь|можете|не могли бы вы|не мог бы ты",
        summary: "резюме|краткое содержание|краткий пересказ|итог|главная мысль|основная мысль|выжимк*",
        about: "о чём|о чем|о чём это|о чем это|о чём здесь|о чем здесь",
        above: "выше|вышеизложенн*|приведённ* выше|предыдущ*|вышеприведённ*",
        this: "этот текст|этого текста|эту статью|этой статьи|этот документ|этого документа|текст|текста",
        asks: "что|какая|какой|какое|какие|кто|когда|где|почему|как|о чём|о чем|в чём",
        how: "в|кратко|одним|тремя",
        it: "это",
        units: [
            "предложение|предложении|предложениях|предложения|предложением|предложениями",
            "пунктах|пункта|пункты|тезисах",
        ],
        numbers: "одном/одним/одно двух/двумя/два трёх/трех/тремя/три четырёх/четырех пяти шести семи",
    },
    // Arabic
    Language {
        summarize: "لخص|لخّص|لخصي|لخصوا|تلخيص",
        make: "اكتب|قدم|قدّم|أعط|أعطني|اعطني|ضع",
        polite: "من فضلك|رجاء|رجاءً|الآن",
        modal: "هل يمكنك|هل تستطيع|يرجى",
        summary: "ملخص|ملخصا|ملخصًا|ملخّصا|موجز|موجزا|الفكرة الرئيسية|تلخيصا",
        about: "عم يتحدث|عن ماذا يتحدث|ما موضوع",
        above: "أعلاه|السابق|السابقة|ما سبق|المذكور",
        this: "هذا النص|هذه المقالة|هذا المقال|هذه الوثيقة|النص|المقال",
        asks: "ما|ماذا|من|متى|أين|لماذا|كيف|عم",
        how: "في|باختصار|ب",
        it: "هذا|ذلك",
        units: ["جملة|جمل", "نقاط"],
        numbers: "واحدة جملتين ثلاث/ثلاثة أربع/أربعة خمس/خمسة ست سبع",
    },
    // Chinese
    Language {
        summarize: "总结|總結|概括|概述|归纳",
        make: "写|寫|给|給|提供|生成|做",
        polite: "请你|请您|请|請",
        modal: "请用|請用|请将|请把|请对|请根据|根据|用|你能|能否|将|把|对",
        summary: "总结|總結|摘要|概要|概括|主要观点|中心思想|大意",
        about: "讲了什么|说了什么|讲的是什么|主要内容是什么",
        above: "上文|以上|上述|上面|前文",
        this: "本文|这篇文章|这段文字|這篇文章|此文|全文",
        asks: "本文|上文|以上|上述|上面|这篇文章|什么|谁|何时|为什么",
        how: "一下|。",
        it: "",
        units: ["句话|句話|句", "要点|点"],
        numbers: "一 两/二 三 四 五 六 七",
    },
    // Japanese
    Language {
        summarize: "要約してください|要約して下さい|要約せよ|要約して|まとめてください|まとめて下さい|まとめよ",
        make: "作成してください|書いてください|作ってください",
        polite: "では|それでは",
        modal: "上の|上記|以上|この|次の|本文|前の",
        summary: "要約|要旨|概要|要点|主旨",
        about: "何についてですか|何について書かれていますか|何について|どんな内容ですか|どんな内容",
        above: "上の文章|上記|以上|上の記事|上の内容|上の文|前の文章",
        this: "本文|この文章|この記事|この文書|この会話",
        asks: "上の|上記|以上|この|本文",
        how: "。",
        it: "",
        units: ["文で|文に", "箇条書き|点で|点に|項目"],
        numbers: "一 二 三 四 五 六 七",
    },
];
