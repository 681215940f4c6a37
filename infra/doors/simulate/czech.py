"""What customers and agents write in Czech."""

from infra.doors.simulate.phrasebook import Phrasebook, Wording

CZECH = Phrasebook(
    lower_after_greeting=True,
    modules=("Sklad", "Docházka", "Zakázky", "Výroba", "Údržba", "Reporty"),
    themes={
        "login-outage": Wording(
            ("Nikdo se nemůže přihlásit", "Nefunguje přihlášení", "Do aplikace se nedostaneme"),
            (
                "Už nějakou dobu se nikdo ze závodu nemůže přihlásit. Stránka se načte a po zadání "
                "hesla hlásí, že služba není dostupná.",
                "Všechny tablety ukazují přihlašovací obrazovku a odmítají každé heslo, i moje. Na "
                "webu je to stejné. Týká se to {count} zařízení.",
            ),
            "Přihlaste se prosím přes záložní adresu uvedenou ve smlouvě; ta porouchanou službu "
            "obchází.",
            "Přihlašovací služba po restartu odmítala platné certifikáty. Kontrolu jsme opravili a "
            "přihlášení opět funguje.",
        ),
        "sync-stopped": Wording(
            ("Tablety se přestaly synchronizovat", "Na tablety nechodí nové zakázky"),
            (
                "Zakázky zadané v kanceláři se nedostanou na tablety. Poslední synchronizace je "
                "starší než {minutes} minut a lidé nemají co dělat.",
                "Modul {module} ukazuje na všech tabletech stará data. Ruční synchronizace končí "
                "po {minutes} sekundách chybou.",
            ),
            "Než to opravíme, přepněte prosím tablety na ruční synchronizaci a spouštějte ji po "
            "pěti.",
            "Fronta synchronizace byla plná. Vyprázdnili jsme ji a zvětšili; všechny tablety už "
            "mají aktuální data.",
        ),
        "stock-overwritten": Wording(
            ("Přepisují se stavy zásob", "Chybná množství, hrozí ztráta dat"),
            (
                "Po inventuře se množství v modulu {module} sama vracejí na staré hodnoty. Zatím "
                "jsme to našli u {count} položek a bojíme se, že jich bude víc.",
                "Dva lidé upravovali zakázku č. {order} a poznámky prvního zmizely. Opakuje se to, "
                "datům už nevěříme.",
            ),
            "Nechte prosím zatím do modulu {module} zapisovat jen jeden tablet; pak se nic "
            "nepřepisuje.",
            "Dvě zařízení mohla uložit stejný záznam najednou. Oprava ve verzi {version} zachová "
            "obě změny a ztracené hodnoty jsme obnovili ze zálohy.",
        ),
        "upgrade-outage": Wording(
            ("Po aktualizaci stojí výroba", "Verze {version} se nespustí"),
            (
                "Aktualizovali jsme na verzi {version} a server už nenaběhl. Výroba stojí, tablety "
                "jen hlásí, že jsou odpojené.",
                "Po aktualizaci služba skončí hned po spuštění. Předchozí verze teď odmítá "
                "databázi, takže se nemůžeme vrátit.",
            ),
            "Zálohu pořízenou před aktualizací lze spustit vedle; postup přikládáme.",
            "Aktualizace nedokončila jeden krok v databázi. Dokončili jsme ho společně a verze "
            "{version} běží.",
        ),
        "slow-screens": Wording(
            ("Obrazovky se otevírají velmi pomalu", "Modul {module} je pomalý", "Dlouhé odezvy"),
            (
                "Otevření modulu {module} trvá asi {minutes} sekund, a to na všech počítačích. "
                "Dřív to bylo hned a brzdí to celou směnu.",
                "Uložení zakázky trvá tak dlouho, že lidé klikají dvakrát. Nejhorší je to při "
                "střídání směn.",
            ),
            "Uzavřené zakázky lze skrýt filtrem „jen otevřené“; obrazovka se pak otevře hned.",
            "V seznamu zakázek chyběl index. S ním se obrazovka otevře do jedné sekundy.",
        ),
        "label-printing": Wording(
            ("Netisknou se štítky", "Tiskárna štítků nedostává z modulu {module} nic"),
            (
                "Od výměny tiskárny nevyjel ani jeden štítek. Bez štítků nemůžeme expedovat a "
                "palety čekají. Poslední zakázka je č. {order}.",
                "Úloha z modulu {module} odejde, ale tiskárna hlásí neznámý formát. Zkušební "
                "stránka z Windows se vytiskne.",
            ),
            "Štítky lze zatím uložit do PDF a vytisknout z počítače.",
            "Nová tiskárna potřebuje jiný jazyk štítků. Nastavili jsme ho ve správě a štítek se "
            "vytiskl.",
        ),
        "scanner-freeze": Wording(
            ("Tablet při skenování zamrzne", "Aplikace po načtení čárového kódu neodpovídá"),
            (
                "Zhruba po {minutes} načtených kódech přestane aplikace reagovat a musí se zavřít. "
                "Příjem zboží je skoro nemožný.",
                "V modulu {module} zůstane po načtení kódu bílá obrazovka. Děje se to na všech "
                "tabletech s verzí {version}.",
            ),
            "Ruční zadání čísla funguje a aplikace nezamrzne; klávesnice se otevře dlouhým "
            "stisknutím.",
            "Po načtení kódu se neuvolnil fotoaparát. Oprava je ve verzi {version}, kterou už na "
            "tabletech máte.",
        ),
        "upgrade-stuck": Wording(
            ("Aktualizace se zastavila v polovině", "Aktualizace na {version} se nehýbe"),
            (
                "Aktualizace na verzi {version} stojí už hodinu na {minutes} %. Můžeme ji "
                "přerušit?",
                "Část tabletů má novou verzi, ostatní ji nepřijmou a hlásí nedostatek místa. Obě "
                "verze si spolu nerozumějí.",
            ),
            "Tablety se starou verzí mohou do aktualizace pracovat přes prohlížeč.",
            "Aktualizaci blokoval starý balíček. Po jeho odstranění proběhla na všech zařízeních.",
        ),
        "export-columns": Wording(
            ("V exportu chybějí sloupce", "Export z modulu {module} není úplný"),
            (
                "V exportu z modulu {module} chybějí sloupce se střediskem. Na obrazovce jsou.",
                "Od verze {version} má soubor o sloupec méně, takže nám nesedí tabulka.",
            ),
            "Export „všechny sloupce“ je obsahuje, jen v jiném pořadí.",
            "Export opět obsahuje všechny sloupce z obrazovky; oprava je ve verzi {version}.",
        ),
        "notices-missing": Wording(
            ("Nechodí e-mailová upozornění", "Chybí upozornění na nové zakázky"),
            (
                "Mistrům nepřijde e-mail, když dostanou zakázku. Do změny našeho poštovního "
                "serveru to fungovalo.",
                "Upozornění z modulu {module} dostávají jen někteří, ačkoli ostatní mají stejné "
                "nastavení.",
            ),
            "Přehled „přiřazeno mně“ na úvodní stránce ukáže totéž i bez e-mailu.",
            "Váš nový poštovní server nepovoloval adresu odesílatele. Nastavili jsme správnou a "
            "zkušební upozornění dorazilo.",
        ),
        "report-totals": Wording(
            ("Chybné součty v reportu", "Report neodpovídá datům"),
            (
                "Měsíční report ukazuje méně kusů než seznam, ze kterého vychází. Rozdíl je "
                "{minutes} kusů.",
                "V reportu k zakázce č. {order} je jedna směna započtena dvakrát. Ostatní zakázky "
                "vypadají správně.",
            ),
            "Report po dnech počítá správně; do opravy lze použít jeho součty.",
            "Směna přes půlnoc se počítala do obou dnů. Opraveno ve verzi {version}; otevřete "
            "prosím report znovu.",
        ),
        "photo-upload": Wording(
            ("Nejde přiložit fotografie", "Přiložení fotografie končí chybou"),
            (
                "Na některých tabletech nejde přiložit fotografie poškozeného kusu, průběh se "
                "zastaví na {minutes} %.",
                "Fotografie větší než několik megabajtů modul {module} bez vysvětlení odmítne.",
            ),
            "Při střední kvalitě fotoaparátu se fotografie nahrají.",
            "Bezdrátová síť v hale přerušovala dlouhé přenosy. Po změně jejího nastavení se "
            "fotografie nahrávají.",
        ),
        "tablet-setup": Wording(
            ("Nové tablety nejdou přihlásit", "Nastavení nových tabletů"),
            (
                "Koupili jsme nové tablety a jejich registrace končí hlášením „neznámé zařízení“. "
                "Staré fungují.",
                "Na nový tablet se aplikace nainstaluje, ale nenajde server. Co je potřeba "
                "nastavit?",
            ),
            "Tablet lze zaregistrovat také zadáním adresy místo načtení kódu.",
            "Nové tablety chyběly v licenci. Doplnili jsme je a registrace proběhla.",
        ),
        "how-to-export": Wording(
            ("Jak vyexportovat data za jeden měsíc", "Dotaz k exportu"),
            (
                "Jak prosím dostaneme všechny zakázky za jeden měsíc do tabulky? Našli jsme jen "
                "export aktuální obrazovky.",
                "Lze export z modulu {module} posílat automaticky každý pátek?",
            ),
            "Seznam lze omezit podle data a vyexportovat třemi tečkami vpravo nahoře.",
            "Zvolte Reporty, Export a období; soubor obsahuje všechny jeho zakázky. Ve stejném "
            "okně se nastaví i pravidelné odesílání.",
        ),
        "how-to-rights": Wording(
            ("Práva brigádníka", "Kdo smí vidět modul {module}?"),
            (
                "Brigádník má modul {module} vidět, ale nic v něm neměnit. Jak se to nastaví?",
                "Může mistr během dovolené schvalovat docházku jiného týmu?",
            ),
            "Na několik dní stačí role „host“, která jen čte.",
            "Ve Správě, v části Role, je role „čtenář“; zástup se nastavuje v profilu "
            "nepřítomného.",
        ),
        "how-to-archive": Wording(
            ("Archivace starých zakázek", "Lze staré zakázky odklidit?"),
            (
                "V seznamu máme tisíce dokončených zakázek. Lze je odklidit, aniž bychom je "
                "smazali?",
                "Kde najdeme zakázku, kterou kolega archivoval? Má číslo {order}.",
            ),
            "Filtr „jen otevřené“ dokončené zakázky ihned skryje.",
            "Označte zakázky a zvolte Archivovat; ve vyhledávání a v reportech zůstanou.",
        ),
        "wish-filter": Wording(
            ("Námět: filtr podle zákazníka", "Nápad k modulu {module}"),
            (
                "Pomohlo by nám, kdyby šel modul {module} filtrovat i podle zákazníka. Plánujete "
                "to?",
                "Mohl by si tablet pamatovat naposledy zvolené pracoviště? Každý ho tu volí "
                "mnohokrát denně.",
            ),
            "Vyhledávací pole nahoře hledá i podle jména zákazníka.",
            "Děkujeme za námět, zapsali jsme ho mezi návrhy na vylepšení. Do té doby poslouží "
            "vyhledávací pole.",
        ),
        "label-cut-off": Wording(
            ("Text na tlačítku je uříznutý", "Překlep na obrazovce"),
            (
                "Na menších tabletech ukazuje tlačítko v modulu {module} jen polovinu textu.",
                "V nadpisu reportu je „Zakáska“. Je to drobnost, ale vidí ji naši zákazníci.",
            ),
            "Na šířku je vidět celý text.",
            "Opraveno; změna přijde s verzí {version}.",
        ),
        "date-format": Wording(
            ("Americké datum v reportech", "Týden začíná nedělí"),
            (
                "Reporty ukazují měsíc před dnem. Kde se to dá změnit?",
                "Kalendář v modulu {module} začíná týden nedělí, potřebovali bychom pondělí.",
            ),
            "Každý uživatel si může formát zvolit v profilu.",
            "Formát se pro celou firmu nastavuje ve Správě, v části Region; přepnuli jsme vám ho.",
        ),
        "modified-form": Wording(
            ("Náš upravený formulář se neukládá", "Přestala fungovat upravená obrazovka"),
            (
                "Náš programátor přidal do formuláře v modulu {module} pole. Od verze {version} se "
                "neukládá.",
                "Změnili jsme šablonu štítku a teď nejde uzavřít zakázka č. {order}.",
            ),
            "S původním formulářem se záznam uloží.",
            "S původním formulářem vše funguje, příčina je tedy v úpravě. Popis změněných polí "
            "jsme poslali vašemu programátorovi.",
        ),
        "old-tablet": Wording(
            ("Na starém tabletu se aplikace nespustí", "Starší tablet ukazuje bílou obrazovku"),
            (
                "Na starších tabletech skončí aplikace hned po spuštění. Na novějších je vše v "
                "pořádku.",
                "Od poslední aktualizace ukazují starší tablety jen bílou obrazovku.",
            ),
            "Na těchto tabletech funguje v omezené míře verze v prohlížeči.",
            "Tato verze Androidu už není ověřená. Na novějším tabletu problém nenastává; "
            "doporučujeme zařízení vyměnit.",
        ),
        "payroll-link": Wording(
            ("Selhává přenos do mzdového programu", "Napojení na jiný program"),
            (
                "Přenos docházky do našeho mzdového programu končí chybou od chvíle, kdy ho "
                "aktualizovali.",
                "Doplněk od jiné firmy, který vyplňuje zakázky, přestal fungovat.",
            ),
            "Soubor lze do druhého programu načíst ručně.",
            "Naše strana posílá dohodnutý soubor. Zjištění jsme předali výrobci druhého programu, "
            "který změnil formát.",
        ),
        "general-standstill": Wording(
            ("{topic}: nic nefunguje", "{topic}: úplný výpadek"),
            (
                "Přestalo to fungovat naráz a nemůžeme vůbec pracovat. Oblast: {topic_inside}. "
                "Zavolejte nám prosím.",
                "Všechno stojí. Zkoušeli jsme to na několika zařízeních, vždy se stejným "
                "výsledkem.",
            ),
            "Do opravy lze použít nouzový postup z příručky.",
            "Příčina je nalezena a odstraněna, provoz opět běží.",
        ),
        "general-problem": Wording(
            ("{topic}: vážný problém", "{topic}: část nefunguje"),
            (
                "Část přestala fungovat a značně nás to zdržuje. Oblast: {topic_inside}.",
                "Od verze {version} to selže zhruba v každém třetím případě.",
            ),
            "Totéž lze zatím udělat přes kancelář; trvá to o něco déle.",
            "Příčinu jsme opravili a ověřili na vašich datech.",
        ),
        "general-annoyance": Wording(
            ("{topic}: nechová se, jak má", "{topic}: drobná závada"),
            (
                "Funguje to, jen ne podle popisu. Oblast: {topic_inside}. Pár dní to vydržíme.",
                "Po verzi {version} se tu něco změnilo a lidé se na to ptají.",
            ),
            "Prozatím pomáhá obrazovku zavřít a znovu otevřít.",
            "Chování opět odpovídá popisu.",
        ),
        "general-question": Wording(
            ("{topic}: dotaz", "Dotaz: {topic_inside}"),
            (
                "Poraďte nám prosím, jak to nastavit. Oblast: {topic_inside}.",
                "V příručce jsme nenašli, zda je to vůbec možné. Oblast: {topic_inside}.",
            ),
            "Obvyklý případ popisuje krátký návod na stránce nápovědy.",
            "Postup je popsán v příručce; odkaz na stránku jsme připojili k odpovědi.",
        ),
    },
    greetings=("Dobrý den,", "Zdravíme,", "Vážení kolegové,", "Hezký den,"),
    customer_closings=("Děkujeme.", "Předem děkujeme.", "S pozdravem", "Dejte nám prosím vědět."),
    agent_closings=("S pozdravem podpora", "Váš tým podpory", "Hezký den přeje podpora"),
    recent_changes=(
        "O žádných nevíme.",
        "Minulý týden jsme přešli na verzi {version}.",
        "Nová bezdrátová síť v hale.",
        "Server se přestěhoval na jiný stroj.",
        "Přibyli noví uživatelé.",
        "Správce změnil pravidla firewallu.",
    ),
    workarounds_tried=(
        "Žádné.",
        "Na papíře, což trvá dvakrát déle.",
        "Přes prohlížeč místo tabletu; někdy to pomůže.",
        "Na chvíli pomůže odhlásit se a znovu přihlásit.",
        "Jiný tablet, stejný výsledek.",
    ),
    steps_taken=(
        "Restartovali jsme tablet.",
        "Vymazali jsme paměť prohlížeče a zkusili jiný počítač.",
        "Ověřili jsme síť; jiné stránky se načítají.",
        "Odhlásili jsme všechny uživatele a znovu přihlásili.",
        "Restartovali jsme server, beze změny.",
        "Prošli jsme příručku, kapitolu {module}.",
    ),
    rationales=(
        "Dopad podle popisu: {impact}.",
        "Dopad: {impact}; odpovídá popisu zákazníka.",
        "Posouzeno podle dopadu ({impact}), jak říkají podmínky.",
    ),
    rationales_unsupported=(
        "Mimo rozsah podpory: {topic_inside}. Pomůžeme podle možností.",
        "Popis ukazuje na oblast: {topic_inside}. Není podporována, pomůžeme problém ohraničit.",
    ),
    rationales_best_effort_lifted=(
        "Nastává i bez toho, co není podporováno, takže je to naše věc.",
        "Zopakovali jsme to v ověřeném prostředí, podpora se tedy vztahuje.",
    ),
    rationales_raised=(
        "Dopad je větší, než se zdálo: {impact}.",
        "Zvýšeno po rozhovoru se zákazníkem: {impact}.",
    ),
    rationales_lowered=(
        "Dopad je menší, než se zdálo: {impact}.",
        "Zákazník může zatím pracovat; zbývá: {impact}.",
    ),
    acknowledgements=(
        "váš požadavek jsme přijali a zabýváme se jím. Jakmile budeme vědět víc, ozveme se.",
        "děkujeme za popis. Na naší straně vidíme totéž a hledáme příčinu.",
        "pracujeme na tom. Další zprávu pošleme v dohodnuté lhůtě.",
        "převzal to kolega, který zná modul {module}.",
    ),
    questions=(
        "abychom mohli pokračovat, potřebujeme znát verzi Androidu a prohlížeče.",
        "můžete nám poslat snímek obrazovky a číslo jedné zakázky, u které to nastává?",
        "stává se to jen jednomu uživateli, nebo všem?",
        "zkuste to prosím ještě jednou v anonymním okně a napište nám výsledek.",
        "kdy to naposledy fungovalo a co se od té doby změnilo?",
    ),
    updates=(
        "omezili jsme příčinu na jednu službu a pokračujeme. Děkujeme za trpělivost.",
        "oprava se testuje. Jakmile bude hotová, napíšeme.",
        "v laboratoři se nám to podařilo zopakovat; vývojáři připravují opravu.",
        "čekáme ještě na výsledek měření, další zpráva bude následovat.",
    ),
    workaround_closings=("Dejte nám prosím vědět, zda to pomohlo.", "Na trvalé opravě pracujeme."),
    silence=(
        "Několik dní jsme od vás nedostali zprávu, proto požadavek považujeme za vyřešený. "
        "Odpovědí na tuto zprávu ho znovu otevřete.",
        "Bez dalších informací nemůžeme pokračovat a požadavek uzavíráme; kdyby se problém vrátil, "
        "stačí odpovědět.",
    ),
    chases=(
        "máte prosím něco nového?",
        "potřebovali bychom alespoň odhad, směna se ptá.",
        "jak to prosím vypadá?",
        "právě se to stalo znovu.",
    ),
    replies=(
        "je to Android 13 a aktuální Chrome.",
        "stává se to všem, zkoušeli jsme to na dvou počítačích.",
        "snímek obrazovky přikládáme, jde o zakázku č. {order}.",
        "v anonymním okně je to stejné.",
        "do poslední aktualizace to fungovalo.",
        "má to jen jeden uživatel, kolega vedle něj ne.",
    ),
    replies_after_workaround=(
        "takto to funguje, děkujeme. Čekáme na opravu.",
        "zatím to pomáhá, ale natrvalo to tak zůstat nemůže.",
        "používáme to teď takto, díky.",
    ),
    worse=(
        "zhoršilo se to, teď to má celá hala.",
        "mezitím se to rozšířilo a lidé nemohou pracovat.",
        "už je to naléhavé, pospěšte si prosím.",
    ),
    reopenings=(
        "bohužel je to zpátky, stejné jako předtím.",
        "den to fungovalo a teď se to děje znovu.",
        "na jednom tabletu to stále nefunguje.",
    ),
    courtesies=(
        "děkujeme za potvrzení, jsme rádi, že to funguje.",
        "rádo se stalo. Kdyby se to vrátilo, stačí odpovědět.",
        "děkujeme za pochvalu, předáme ji dál.",
    ),
    confirmations=(
        "Funguje to, děkujeme.",
        "Potvrzujeme, od té doby je klid.",
        "Vyzkoušeno na všech tabletech, je to v pořádku.",
    ),
    retests=(
        "Zopakováno s daty zákazníka ve verzi {version}; chyba už nenastává.",
        "Znovu jsme prošli kroky zákazníka; výsledek je správný.",
    ),
    watched=(
        "Od opravy se taková chyba v dohledu neobjevila.",
        "Odezvy jsou celý den zpět na obvyklých hodnotách.",
    ),
    other_evidence=("Dohodnuto se správcem zákazníka na schůzce.",),
    by_phone=("Zapsáno po telefonátu. ", "Telefonicky: "),
    best_effort=(
        "Toto je mimo rozsah podpory; pomůžeme, jak jen to půjde.",
        "Oficiálně to nepodporujeme, rádi však pomůžeme najít, kde je problém.",
    ),
    follow_up=("Týká se to znovu požadavku {follows}. ",),
)
