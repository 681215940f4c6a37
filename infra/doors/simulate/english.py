"""What customers and agents write in English."""

from infra.doors.simulate.phrasebook import Phrasebook, Wording

ENGLISH = Phrasebook(
    lower_after_greeting=False,
    modules=("Warehouse", "Attendance", "Orders", "Production", "Maintenance", "Reports"),
    themes={
        "login-outage": Wording(
            ("Nobody can sign in", "Sign-in fails for everyone", "No access to the application"),
            (
                "Since a short while ago nobody in the plant can sign in. The page loads, and "
                "after the password it says that the service is unavailable.",
                "All {count} tablets show the sign-in screen and reject every password, mine too. "
                "The web behaves the same.",
            ),
            "Please sign in through the backup address that stands in your contract; it does not "
            "go through the failing service.",
            "The sign-in service refused valid certificates after a restart. We corrected the "
            "check and signing in works again.",
        ),
        "sync-stopped": Wording(
            ("Tablets stopped synchronising", "No new orders reach the tablets"),
            (
                "Orders entered in the office no longer reach the tablets. On {count} of them the "
                "last synchronisation is over {minutes} minutes old, so people stand around.",
                "The {module} module shows old data on all tablets. A manual synchronisation ends "
                "with a timeout after {minutes} seconds.",
            ),
            "Until we are done, switch the tablets to manual synchronisation and start it in "
            "groups of five.",
            "The queue of the synchronisation was full. We emptied it and gave it more room; all "
            "tablets have caught up.",
        ),
        "stock-overwritten": Wording(
            ("Stock levels are being overwritten", "Wrong quantities, data may be lost"),
            (
                "After a stock-take the quantities in the {module} module change back to old "
                "values by themselves. We found {count} items so far and are afraid of losing "
                "more.",
                "Two people edited order {order} and the notes of the first one disappeared. It "
                "happens repeatedly, we no longer trust the data.",
            ),
            "Please let only one tablet write into the {module} module for now; nothing is "
            "overwritten then.",
            "Two devices could save the same record at once. The fix in version {version} keeps "
            "both changes, and we restored the lost values from the backup.",
        ),
        "upgrade-outage": Wording(
            ("Production stands after the upgrade", "Version {version} will not start"),
            (
                "We upgraded to version {version} and the server does not come up again. "
                "Production stands, the tablets only say that they are offline.",
                "After the upgrade the service ends right after its start. The previous version "
                "refuses the database now, so we cannot go back.",
            ),
            "The backup made before the upgrade can be started beside it; the guide for that is "
            "attached.",
            "The upgrade had left one step of the database undone. We finished it together and "
            "version {version} runs.",
        ),
        "slow-screens": Wording(
            ("Screens open very slowly", "The {module} module is slow", "Slow response everywhere"),
            (
                "Opening the {module} module takes about {minutes} seconds, on every computer. It "
                "used to be instant and it holds up the whole shift.",
                "Saving an order takes so long that people click twice. It is worst when the "
                "shifts change and all {count} tablets are in use.",
            ),
            "Closed orders can be hidden by the filter 'open only'; the screen then opens at once.",
            "An index was missing for the list of orders. With it the screen opens in under a "
            "second.",
        ),
        "label-printing": Wording(
            ("Labels do not print", "The label printer gets nothing from the {module} module"),
            (
                "Since the printer was replaced no label comes out. We cannot ship without labels, "
                "{count} pallets are waiting.",
                "The job leaves the {module} module, and the printer reports an unknown format. "
                "The test page of Windows prints.",
            ),
            "Labels can be saved as PDF and printed from the computer in the meantime.",
            "The new printer needs the other label language. We set it in the administration and "
            "a label was printed.",
        ),
        "scanner-freeze": Wording(
            ("Scanning freezes the tablet", "The application hangs after a barcode is read"),
            (
                "After about {count} scans the application stops reacting and has to be closed. "
                "Goods receipt is nearly impossible.",
                "In the {module} module the screen stays white after a barcode is read. It happens "
                "on every tablet with version {version}.",
            ),
            "Entering the number by hand works and does not freeze; the keyboard opens by a long "
            "press.",
            "The camera was not released after a scan. It is corrected in version {version}, which "
            "is on your tablets now.",
        ),
        "upgrade-stuck": Wording(
            ("The upgrade stops half-way", "Upgrade to {version} hangs"),
            (
                "The upgrade to version {version} has been standing at {minutes} % for an hour. "
                "May we interrupt it?",
                "{count} tablets have the new version, the others do not take it and report lack "
                "of space. The two versions do not understand each other.",
            ),
            "Tablets with the old version can work through the browser until they are upgraded.",
            "An old package blocked the upgrade. After we removed it the upgrade went through on "
            "all devices.",
        ),
        "export-columns": Wording(
            ("Columns missing in the export", "The export of {module} is incomplete"),
            (
                "The export from the {module} module lacks the columns with the cost centre. On "
                "the screen they are there.",
                "Since version {version} the file has one column less, so our table does not add "
                "up.",
            ),
            "The export 'all columns' contains them; the order of columns is different there.",
            "The export again contains all columns that the screen shows; the correction is in "
            "version {version}.",
        ),
        "notices-missing": Wording(
            ("E-mail notices do not arrive", "No notices about new orders"),
            (
                "Foremen get no e-mail when an order is assigned to them. It worked until the "
                "change of our mail server.",
                "Notices from the {module} module come to some people only; the rest has the same "
                "settings.",
            ),
            "The overview 'assigned to me' on the first page shows the same without e-mail.",
            "The sender's address was not allowed by your new mail server. We set the right one "
            "and a test notice arrived.",
        ),
        "report-totals": Wording(
            ("Totals in the report are wrong", "Report does not match the data"),
            (
                "The monthly report shows {count} pieces fewer than the list it is made from.",
                "In the report for order {order} one shift is counted twice. The other orders look "
                "right.",
            ),
            "The report by days counts correctly; its totals can be used until the correction.",
            "A shift across midnight was counted on both days. Corrected in version {version}; "
            "please open the report again.",
        ),
        "photo-upload": Wording(
            ("Photos cannot be attached", "Attaching a photo ends with an error"),
            (
                "On some tablets a photo of a damaged piece cannot be attached, the progress stops "
                "at {minutes} %.",
                "Photos larger than a few megabytes are rejected in the {module} module without "
                "an explanation.",
            ),
            "With the camera set to medium quality the photos go through.",
            "The wireless network in the hall cut off long transfers. After the change of its "
            "settings photos go through.",
        ),
        "tablet-setup": Wording(
            ("New tablets cannot be enrolled", "Setting up {count} new tablets"),
            (
                "We bought {count} tablets and the enrolment ends with 'unknown device'. The old "
                "ones work.",
                "The new tablet installs the application, but does not find the server. What is to "
                "be set?",
            ),
            "A tablet can be enrolled by typing the address instead of reading the code.",
            "The new tablets were missing in the licence. We added them and the enrolment went "
            "through.",
        ),
        "how-to-export": Wording(
            ("How to export the data of one month", "Question about the export"),
            (
                "Please, how do we get all orders of one month into a table? We only find the "
                "export of the current screen.",
                "Is there a way to send the export from the {module} module automatically every "
                "Friday?",
            ),
            "The list can be filtered by date and exported by the three dots at the top right.",
            "Choose Reports, Export, and the period; the file contains all orders of it. The same "
            "window has the regular sending.",
        ),
        "how-to-rights": Wording(
            ("Rights of a temporary worker", "Who may see the {module} module?"),
            (
                "A temporary worker should see the {module} module, but not change anything. How "
                "is that set?",
                "Can a foreman approve attendance of another team during holidays?",
            ),
            "For a few days the role 'guest' is enough; it only reads.",
            "In Administration, Roles there is the role 'reader'; a substitute is set in the "
            "profile of the absent person.",
        ),
        "how-to-archive": Wording(
            ("Archiving of old orders", "Can old orders be put away?"),
            (
                "We have {count} thousand finished orders in the list. Can they be put away "
                "without deleting them?",
                "Where do we find an order that a colleague archived? Its number is {order}.",
            ),
            "The filter 'open only' hides finished orders at once.",
            "Mark the orders and choose Archive; they remain in the search and in reports.",
        ),
        "wish-filter": Wording(
            ("Suggestion: filter by customer", "Idea for the {module} module"),
            (
                "It would help us if the {module} module could be filtered by customer as well. Do "
                "you plan it?",
                "Could the tablet remember the last chosen workplace? Everybody here chooses it "
                "{count} times a day.",
            ),
            "The search field at the top finds by the customer's name, too.",
            "Thank you for the idea; we entered it into the list of enhancements. Until then the "
            "search field can stand in.",
        ),
        "label-cut-off": Wording(
            ("A text on the button is cut off", "Typo on the screen"),
            (
                "On the smaller tablets the button in the {module} module shows only half of its "
                "text.",
                "The heading of the report says 'Ordres'. It is a trifle, but our customers see "
                "it.",
            ),
            "In landscape the whole text is visible.",
            "Corrected; the change comes with version {version}.",
        ),
        "date-format": Wording(
            ("American date in the reports", "The week begins on Sunday"),
            (
                "Reports show the month before the day. Where can that be changed?",
                "The calendar in the {module} module begins the week on Sunday, we would need "
                "Monday.",
            ),
            "Each user can choose the format in the profile.",
            "The format is set for the whole company in Administration, Region; we switched it for "
            "you.",
        ),
        "modified-form": Wording(
            ("Our modified form does not save", "A changed screen stopped working"),
            (
                "Our programmer added fields to the form in the {module} module. Since version "
                "{version} it does not save.",
                "We changed the template of the label and now order {order} cannot be closed.",
            ),
            "With the original form the record can be saved.",
            "With the original form everything works, so the cause is in the modification. We sent "
            "the description of the changed fields to your programmer.",
        ),
        "old-tablet": Wording(
            (
                "The application does not start on an old tablet",
                "Older tablet shows a white screen",
            ),
            (
                "On the older tablets the application ends right after the start. The newer ones "
                "are fine.",
                "Since the last update {count} older tablets show only a white screen.",
            ),
            "The browser version works on these tablets in a limited way.",
            "This version of Android is no longer verified. On a newer tablet the problem does not "
            "occur; we recommend replacing the device.",
        ),
        "payroll-link": Wording(
            ("Transfer to the payroll program fails", "Connection to another program"),
            (
                "The transfer of attendance to our payroll program ends with an error since they "
                "updated it.",
                "The add-on by another company that fills in orders has stopped working.",
            ),
            "The file can be loaded into the other program by hand.",
            "Our side sends the agreed file. We passed the finding to the maker of the other "
            "program, who changed its format.",
        ),
        "general-standstill": Wording(
            ("{topic}: nothing works", "{topic}: complete outage"),
            (
                "It stopped all at once and we cannot work at all. Area: {topic_inside}. "
                "Please call us.",
                "Everything stands. We have tried it on {count} devices, always with the same "
                "result.",
            ),
            "The emergency procedure from the manual can be used until the correction.",
            "The cause is found and removed, the operation runs again.",
        ),
        "general-problem": Wording(
            ("{topic}: a serious problem", "{topic}: part of it does not work"),
            (
                "Part of it stopped working and it delays us considerably. Area: {topic_inside}.",
                "Since version {version} it fails in about every third case, on {count} devices.",
            ),
            "The same can be done through the office for now; it takes a little longer.",
            "We corrected the cause and checked it on your data.",
        ),
        "general-annoyance": Wording(
            ("{topic}: does not behave as it should", "{topic}: a small fault"),
            (
                "It works, only not as described. It concerns {topic_inside}; we can live with it "
                "for a few days.",
                "After version {version} something changed here and people ask about it.",
            ),
            "Closing and opening the screen again helps for the time being.",
            "The behaviour is as described again.",
        ),
        "general-question": Wording(
            ("{topic}: a question", "Question: {topic_inside}"),
            (
                "Please advise us how to set this up. It concerns {topic_inside}.",
                "We did not find in the manual whether this is possible at all. Area: "
                "{topic_inside}.",
            ),
            "The short guide on the help page covers the usual case.",
            "The way to do it is described in the manual; we added the page to our answer.",
        ),
    },
    greetings=("Hello,", "Good day,", "Dear colleagues,", "Hi,"),
    customer_closings=("Thank you.", "Thanks in advance.", "Regards", "Please let us know."),
    agent_closings=("Kind regards, support", "Your support team", "Best regards, support"),
    recent_changes=(
        "None that we know of.",
        "We upgraded to version {version} last week.",
        "A new wireless network in the hall.",
        "The server was moved to another machine.",
        "We added {count} users.",
        "Our administrator changed the firewall rules.",
    ),
    workarounds_tried=(
        "None.",
        "On paper, which takes twice as long.",
        "Through the browser instead of the tablet; it sometimes helps.",
        "Signing out and in again helps for a while.",
        "Another tablet, with the same result.",
    ),
    steps_taken=(
        "Restarted the tablet.",
        "Cleared the browser's memory and tried another computer.",
        "Checked the network; other pages load.",
        "Signed out all users and in again.",
        "Restarted the server, no change.",
        "Read the manual, section {module}.",
    ),
    rationales=(
        "Impact according to the description: {impact}.",
        "{impact}; confirmed with the customer's description.",
        "Judged by the impact ({impact}), as the policy says.",
    ),
    rationales_unsupported=(
        "Outside the scope of support: {topic_inside}. Best effort.",
        "The description points to: {topic_inside}. Not supported, we help to isolate it.",
    ),
    rationales_best_effort_lifted=(
        "Also occurs without what is not supported, so it is ours.",
        "Reproduced in a verified environment; supported after all.",
    ),
    rationales_raised=(
        "The impact is greater than it seemed: {impact}.",
        "Raised after talking to the customer: {impact}.",
    ),
    rationales_lowered=(
        "The impact is smaller than it seemed: {impact}.",
        "The customer can work in the meantime; what remains: {impact}.",
    ),
    acknowledgements=(
        "we received your request and are looking into it. We will write again as soon as we know "
        "more.",
        "thank you for the description. We see the same on our side and are searching for the "
        "cause.",
        "we are on it. The next message follows within the agreed time.",
        "our colleague who knows the {module} module has taken it over.",
    ),
    questions=(
        "to go on we need to know which version of Android and of the browser you use.",
        "could you send us a screenshot and the number of one order where it happens?",
        "does it happen to one user only, or to all of them?",
        "please try it once more in a private window and write us the result.",
        "when did it work last, and what changed since then?",
    ),
    updates=(
        "we have narrowed it down to one service and continue. Thank you for your patience.",
        "the correction is being tested. We will write again when it is ready.",
        "we have repeated it in our laboratory; the developers are preparing a correction.",
        "we are still waiting for the result of a measurement, the next message will follow.",
    ),
    workaround_closings=(
        "Please tell us whether it helps.",
        "We continue with a lasting correction.",
    ),
    silence=(
        "We have not heard from you for several days, so we consider it solved. A reply to this "
        "message opens it again.",
        "Without further information we cannot continue and close the request; just reply if it "
        "returns.",
    ),
    chases=(
        "is there any news, please?",
        "we would need at least an estimate, the shift is asking.",
        "may I ask how it looks?",
        "it has just happened again.",
    ),
    replies=(
        "it is Android 13 and the current Chrome.",
        "it happens to everybody, I tried it on two computers.",
        "the screenshot is attached, it is order {order}.",
        "in a private window it is the same.",
        "it worked until the last update.",
        "only one user has it, a colleague next to him does not.",
    ),
    replies_after_workaround=(
        "this way it works, thank you. We are waiting for the correction.",
        "it helps for now, but it cannot stay like this.",
        "we use it this way now, thanks.",
    ),
    worse=(
        "it got worse, now the whole hall has it.",
        "in the meantime it has spread and people cannot work.",
        "it is urgent now, please hurry.",
    ),
    reopenings=(
        "unfortunately it is back, the same as before.",
        "it worked for a day and now it happens again.",
        "on one tablet it still does not work.",
    ),
    courtesies=(
        "thank you for the confirmation, we are glad that it works.",
        "you are welcome. Should it return, just reply.",
        "thank you for the praise, we pass it on.",
    ),
    confirmations=(
        "It works, thank you.",
        "Confirmed, we have had no trouble since.",
        "Tried on all tablets, it is fine.",
    ),
    retests=(
        "Repeated with the customer's data in version {version}; the fault no longer occurs.",
        "Followed the customer's steps again; the result is right.",
    ),
    watched=(
        "No such error in the monitoring since the correction.",
        "Response times are back to normal for a whole day.",
    ),
    other_evidence=("Agreed with the customer's administrator at a meeting.",),
    by_phone=("Written down after a call. ", "By phone: "),
    best_effort=(
        "This lies outside the scope of support; we will help as far as we can.",
        "We do not support this officially, and gladly help to find where the problem is.",
    ),
    follow_up=("It concerns the request {follows} again. ",),
)
