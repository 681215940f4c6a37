"""What is refused, and what helps, in Czech: by the name of the refusal or problem.

Places are filled by what a refusal tells. A cause is followed by its cure, behind a semicolon.
"""

from collections.abc import Mapping

CZECH: Mapping[str, str] = {
    # The lifecycle (semantics §2).
    "TicketUnknown": "požadavek {ticket} neexistuje; nejprve ho založte, nebo opravte jeho číslo",
    "TicketExists": "požadavek {ticket} už existuje; odpovězte na něj, nebo založte jiný",
    "SeverityMissing": (
        "požadavek {ticket} v té době nemá závažnost; nejprve ji určete (určení nelze zapsat "
        "zpětně, řešte tedy až po něm)"
    ),
    "NotResolved": "požadavek {ticket} není vyřešený; nejprve ho vyřešte, pak ověřte",
    "AlreadyResolved": (
        "požadavek {ticket} už je vyřešený, s jinou příčinou nebo jiným řešením; znovu ho lze "
        "vyřešit, až zákazník odpoví a tím ho otevře"
    ),
    "TicketVerified": (
        "požadavek {ticket} je ověřený a zůstane uzavřený; založte nový, který na {ticket} navazuje"
    ),
    "AlreadyVerified": (
        "požadavek {ticket} už je ověřený, jiným způsobem nebo s jiným důkazem; pro nové "
        "zjištění založte požadavek, který na {ticket} navazuje"
    ),
    "OutOfPlace": (
        "událost by předcházela události {later} ({later_at}) a ta by pak nebyla možná "
        "({broken}); uveďte, kdy se to skutečně stalo, nebo nic, pokud se to děje nyní"
    ),
    "OccurredAhead": "{occurred_at} teprve bude, nyní je {now}; opravte čas, nebo žádný neuvádějte",
    "OccurredTooFarBack": (
        "{occurred_at} je příliš dávno, podmínky přijímají to, co se stalo od {earliest}; "
        "uveďte pozdější čas, nebo žádný, a skutečný napište do textu"
    ),
    "OccurredBeforeOpened": (
        "{occurred_at} je dříve, než byl požadavek založen ({opened_at}); uveďte čas od té "
        "doby, nebo žádný"
    ),
    # What the policy and the contract name.
    "PlanUnknown": "„{value}“ není plán podmínek {policy}; vyberte z těchto: {choices}",
    "SeverityUnknown": "„{value}“ není závažnost podmínek {policy}; vyberte z těchto: {choices}",
    "ImpactUnknown": "„{value}“ není dopad podle podmínek {policy}; vyberte z těchto: {choices}",
    "TopicUnknown": "„{value}“ není téma podmínek {policy}; vyberte z těchto: {choices}",
    "RootCauseUnknown": (
        "„{value}“ není příčina podle podmínek {policy}; vyberte z těchto: {choices}"
    ),
    "ChannelUnknown": (
        "„{value}“ není cesta, kterou požadavek přichází; vyberte z těchto: {choices}"
    ),
    "MethodUnknown": "„{value}“ není způsob ověření; vyberte z těchto: {choices}",
    "AwaitingUnknown": (
        "„{value}“ není strana, na níž může být další krok; vyberte z těchto: {choices}"
    ),
    "SeverityNotBacked": (
        "dopad „{impact}“ neodpovídá závažnosti {severity}; vyberte jinou závažnost, nebo jeden"
        " z dopadů: {backing}"
    ),
    "RationaleMissing": (
        "o podpoře tématu „{topic}“ rozhodují podmínky jinak; převezměte to, nebo uveďte odůvodnění"
    ),
    # Identifiers and words.
    "IdentifierMalformed": (
        "{field}: „{value}“ není identifikátor; použijte 1 až 64 znaků A-Z a-z 0-9 . _ -"
    ),
    "FollowsItself": "požadavek {ticket} nemůže navazovat sám na sebe; uveďte dřívější, nebo žádný",
    "FollowedUnknown": (
        "požadavek {follows}, na který se má navázat, neexistuje; opravte jeho číslo, nebo ho "
        "neuvádějte"
    ),
    "WordsMissing": "{field}: chybí text; napište alespoň slovo",
    "WordsTooLong": (
        "{field}: text má {length} znaků, uchová se nejvýše {limit}; zkraťte ho, nebo zbytek "
        "uložte jinam a odkažte na něj"
    ),
    "WordsUnreadable": "{field}: na místě {position} je nečitelný znak; odstraňte ho",
    "WordsNotOneLine": (
        "{field}: na místě {position} končí řádek; napište ho na jeden řádek a zbytek do popisu"
    ),
    # How a command was sent.
    "CommandReused": (
        "formulář {command_id} už byl odeslán s jiným obsahem; otevřete stránku znovu a "
        "odešlete ho ještě jednou"
    ),
    "CommandIdMalformed": "„{command_id}“ není označení příkazu; otevřete stránku znovu",
    "ActorMalformed": "„{actor}“ neoznačuje původce; použijte token, který patří známé osobě",
    "CauseMalformed": "{field} není identifikátor; použijte 1 až 128 znaků ASCII bez mezer",
    "VersionMismatch": (
        "požadavek {ticket} se mezitím změnil (verze {actual}); otevřete ho znovu a rozhodněte "
        "podle toho, co říká nyní"
    ),
    "VersionMalformed": "záhlaví neuvádí verzi; pošlete ETag tak, jak přišel, nebo *",
    # Fields.
    "FieldsInvalid": "některá pole nejsou v pořádku; opravte ta, která jsou uvedena",
    "FieldMissing": "pole není vyplněno; vyplňte ho",
    "FieldUnknown": "takové pole zde není; vynechte ho",
    "FieldInvalid": "tato hodnota sem nepatří; opravte ji",
    "FieldInvalid.number": "není to číslo; vyberte některé, nebo pole vynechte",
    "FieldInvalid.moment": "není to datum s časem; napište například 2026-03-06T16:30",
    "FieldInvalid.choice": "taková možnost není; vyberte z těchto: {choices}, nebo pole vynechte",
    "FieldInvalid.string_too_long": (
        "text je příliš dlouhý; zkraťte ho nejvýše na {max_length} znaků"
    ),
    "FieldInvalid.string_too_short": "pole je prázdné; vyplňte ho",
    "FieldInvalid.greater_than_equal": "číslo je příliš malé; nejmenší možné je {ge}",
    "FieldInvalid.less_than_equal": "číslo je příliš velké; největší možné je {le}",
    "FieldInvalid.int_type": "není to celé číslo; vyberte některé z nabízených",
    "FieldInvalid.bool_type": "není to ano ani ne; vyberte z nabízených možností",
    "CursorInvalid": "takové místo v seznamu není; začněte od první stránky",
    "ClockUnknown": "takovou lhůtu požadavek v té době nemá; vyberte jinou",
    "OutsideCalendar": "tak daleko kalendář podmínek nesahá; zvolte čas v letech, která obsahuje",
    # What is asked for.
    "TicketNotKnownThen": "požadavek v té době ještě nebyl znám; zvolte pozdější čas",
    "PolicyVersionUnknown": "taková verze podmínek není; vyberte z těch, které jsou zveřejněny",
    "PageUnknown": "taková stránka není; vraťte se na první",
    "RouteUnknown": "zde nic není; vraťte se na první stránku",
    "PlaceUnknown": "tak daleko záznam nesahá, je to jiný, nebo byl obnoven; začněte znovu",
    "MethodNotAllowed": "toto zde nelze udělat; vraťte se na první stránku",
    "CannotJudge": (
        "požadavek nelze posoudit, jeho lhůty přesahují kalendář podmínek; provozovatel "
        "zveřejní verzi s delším kalendářem"
    ),
    # Who asks.
    "NotSignedIn": "nikdo není přihlášen; přihlaste se tokenem",
    "TokenMissing": "chybí token; přihlaste se jím",
    "TokenUnknown": "tento token nikdo nemá; požádejte o platný",
    "TokenRevoked": "tento token byl zrušen; požádejte o nový",
    "TokenExpired": "tento token vypršel; požádejte o nový",
    "SessionExpired": "přihlášení skončilo; přihlaste se znovu",
    "RoleForbids": "vaše role to nesmí; požádejte někoho, jehož role to dovoluje",
    "StaffOnly": "toto pole vyplňuje jen podpora; vynechte ho",
    "FormForeign": "formulář nepatří k tomuto přihlášení; odešlete ho z nově otevřené stránky",
    # How much, and in what form.
    "BodyUnreadable": "formulář nelze přečíst; odešlete ho znovu",
    "BodyTooLarge": "je toho příliš mnoho najednou; zkraťte text",
    "BodyTooSlow": "formulář nepřišel včas celý; odešlete ho znovu",
    "MediaTypeUnsupported": "v této podobě to nelze přečíst; pošlete JSON",
    "EncodingInvalid": "adresa není v UTF-8; opravte ji",
    "HeadersTooLong": "adresa a záhlaví dotazu jsou příliš dlouhé; zkraťte je",
    "HeaderInvalid": "záhlaví dotazu není v pořádku; opravte ho",
    "RateExceeded": "s tímto tokenem přišlo příliš mnoho dotazů; chvíli počkejte",
    "FiltersTooMany": "tolik filtrů se neukládá; nejprve některý zapomeňte",
    "StreamsExceeded": "s tímto tokenem je otevřeno příliš mnoho stránek; některou zavřete",
    # What fails behind.
    "Busy": "právě teď se o všechny požadavky zajímají jiní; zkuste to za chvíli",
    "Contended": "požadavek zároveň měnili jiní, nic se nezapsalo; odešlete totéž za chvíli znovu",
    "Stopped": "server právě končí, nic se nezapsalo; zkuste to za chvíli",
    "ModelsMissing": "zatím není co ukázat; provozovatel spustí zpracování příkazem lhuta run "
    "nebo lhuta worker",
    "StoreUnavailable": "data teď nelze použít; zkuste to za chvíli",
    "NotReady": "server ještě není připraven; zkuste to za chvíli",
    "RequestFailed": "dotaz se nezdařil; vraťte se na první stránku",
    "ServerFault": "server při tomto dotazu selhal; řekněte provozovateli číslo dotazu",
}
