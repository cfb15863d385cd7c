"""The sentences of the page on which an e-mail's category is ended, by language."""

from __future__ import annotations

import msgspec


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """All sentences of the page in one language."""

    title: str
    ask: str
    button: str
    done: str
    undo: str
    required: str
    unknown: str


WORDING = {
    "en": Words(
        title="E-mails",
        ask="Do you want no more e-mails of this kind?",
        button="Unsubscribe",
        done="Done. You will get no more e-mails of this kind.",
        undo="You can switch them on again in the app, under Notifications.",
        required="We always send these, as they protect you and your money:",
        unknown="This link is not complete. Open it from the e-mail again.",
    ),
    "sw": Words(
        title="Barua pepe",
        ask="Je, hutaki tena barua pepe za aina hii?",
        button="Jiondoe",
        done="Tayari. Hutapokea tena barua pepe za aina hii.",
        undo="Unaweza kuziwasha tena kwenye programu, chini ya Arifa.",
        required="Hizi tunazituma kila wakati, kwa kuwa zinakulinda wewe na pesa zako:",
        unknown="Kiungo hiki hakijakamilika. Kifungue tena kutoka kwenye barua pepe.",
    ),
    "fr": Words(
        title="E-mails",
        ask="Ne plus recevoir d’e-mails de ce type ?",
        button="Se désabonner",
        done="C’est fait. Vous ne recevrez plus d’e-mails de ce type.",
        undo="Vous pouvez les réactiver dans l’application, sous Notifications.",
        required="Nous envoyons toujours ceux-ci, car ils vous protègent, vous et votre argent :",
        unknown="Ce lien est incomplet. Ouvrez-le de nouveau depuis l’e-mail.",
    ),
    "lg": Words(
        title="Imeyiro",
        ask="Tokyayagala kufuna imeyiro za kika kino?",
        button="Zikomye",
        done="Kiwedde. Tojja kuddamu kufuna imeyiro za kika kino.",
        undo="Osobola okuziggulawo nate mu app, wansi wa Obubaka.",
        required="Zino tuziweereza bulijjo, kubanga zikukuuma ggwe n'ensimbi zo:",
        unknown="Linki eno tetuukiridde. Giggulewo nate okuva mu imeyiro.",
    ),
}
