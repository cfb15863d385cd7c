// What the settings page says, in French.

export default {
  title: "Réglages des notifications",
  close: "Fermer",
  saved: "Enregistré.",
  loading: "Chargement…",
  save: "Enregistrer",
  discard: "Abandonner",
  cancel: "Annuler",
  channels: { push: "Push", sms: "SMS", email: "E-mail" },
  ways: { push: "message push", sms: "SMS", email: "e-mail" },

  what: "Ce que vous recevez, et comment",
  whatAbout:
    "Tout est dans l’application. Choisissez ici ce qui en sort aussi quand vous ne l’avez pas vu.",
  because: (channels, reason) => `${channels} : ${reason}`,
  reasons: {
    required: "toujours actif, ne peut pas être désactivé",
    off: "non disponible ici",
    stopped: "suspendu pour le moment",
    no_address: "pas encore d’adresse",
    no_device: "activé sur aucun appareil",
    unverified: "pas encore confirmée",
    suppressed: "injoignable",
    opted_out: "arrêté par STOP",
    consent: "vous êtes désabonné",
    kind: "votre choix",
    category: "votre choix",
    channel: "votre choix pour tout",
    muted: "en sourdine",
    default: "comme d’habitude",
    mixed: "variable, voir ci-dessous",
  },
  notes: {
    off: (channel) => `${channel} : non disponible ici.`,
    stopped: (channel) =>
      `${channel} : suspendu pour le moment. Vos choix s’appliqueront de nouveau ensuite.`,
    no_address: (_, key) =>
      ({
        push: "Push n’est activé dans aucun de vos navigateurs.",
        sms: "SMS : ajoutez votre numéro de téléphone ci-dessous.",
        email: "E-mail : ajoutez votre adresse ci-dessous.",
      })[key],
    unverified: (channel) => `${channel} : confirmez votre adresse ci-dessous avec le code envoyé.`,
    suppressed: (channel) =>
      `${channel} : les messages à votre adresse sont revenus. Remplacez-la ci-dessous.`,
    opted_out: (channel) =>
      `${channel} : vous avez répondu STOP. Seul l’obligatoire est envoyé ; répondez START pour le reste.`,
  },
  defaults: "Revenir aux réglages habituels",
  digest: "Fréquence",
  digests: {
    "": "Un par un",
    daily: "Groupés, une fois par jour",
    weekly: "Groupés, une fois par semaine",
  },

  offers: "Offres et actualités",
  offersAbout: "Seulement avec votre accord, au plus une fois par jour.",
  consent: (title, channel) =>
    `J’accepte de recevoir « ${title} » par ${channel}. Je peux y mettre fin à tout moment.`,

  mute: "Mettre en sourdine",
  muteAbout:
    "Jusque-là rien ne sort de l’application, sauf l’obligatoire et ce que vous avez choisi ci-dessus.",
  mutes: {
    hour: "Pendant une heure",
    tomorrow: "Jusqu’à demain, 8 h",
    week: "Pendant une semaine",
  },
  mutedUntil: (moment) => `En sourdine jusqu’au ${moment}.`,
  unmute: "Arrêter maintenant",

  quiet: "Heures calmes",
  quietAbout: "Ce qui n’est pas urgent attend leur fin.",
  noWindows: "Aucune.",
  addWindow: "Ajouter des heures calmes",
  removeWindow: "Supprimer",
  window: (number) => `Heures calmes ${number}`,
  from: "De",
  to: "À",
  zone: "Fuseau horaire",
  zoneAbout: "Ce sont des heures locales, été comme hiver.",
  zoneHere: (zone) => `${zone} (cet appareil)`,

  messages: "Messages",
  language: "Langue des messages",
  asApp: "Celle de l’application",
  hide: "Montants sur l’écran verrouillé",
  hideAbout: "Dans les messages push et les SMS.",
  amounts: { "": "Comme d’habitude", yes: "Masquer", no: "Afficher" },
  threshold: "SMS pour les gros paiements",
  thresholdAbout:
    "Dès que ce montant au moins quitte votre compte, vous recevez toujours aussi un SMS.",
  amount: "Montant",
  currency: "Devise",
  noThreshold: "Supprimer",

  push: "Push",
  pushHere: "Messages push dans ce navigateur",
  pushTest: "Envoyer un message d’essai",
  pushStates: {
    unsupported: "Ce navigateur ne peut pas recevoir de messages push.",
    install: "Ajoutez d’abord cette page à l’écran d’accueil, puis ouvrez-la de là.",
    denied:
      "Ce navigateur l’interdit. Autorisez les notifications de cette page dans ses réglages.",
    off: "Désactivé.",
    on: "Activé.",
  },

  addresses: "Vos adresses",
  addressesAbout:
    "Un code prouve qu’une adresse est à vous. Chaque changement vous est signalé, à l’ancienne aussi.",
  groups: { email: "E-mail", sms: "Téléphone", push: "Navigateurs et applications avec push" },
  none: "Aucune.",
  add: { email: "Ajouter une adresse e-mail", sms: "Ajouter un numéro de téléphone" },
  enter: { email: "Adresse e-mail", sms: "Numéro de téléphone, avec le pays : +256…" },
  sendCode: "Envoyer un code",
  code: (address) => `Code envoyé à ${address}`,
  confirm: "Confirmer",
  anotherCode: "Envoyer un autre code",
  replace: "Remplacer",
  remove: "Supprimer",
  removeSure: (address) => `Supprimer ${address} ?`,
  browser: (device) =>
    device ? `Navigateur ou application « ${device} »` : "Navigateur ou application",
  states: { unverified: "pas encore confirmée", verified: "confirmée", invalid: "n’existe pas" },

  invalid: {
    time: "Indiquez les deux heures.",
    start: "Indiquez une heure comme 22:00.",
    end: "La fin doit différer du début. Pour un jour entier, indiquez deux plages.",
    days: "Choisissez au moins un jour.",
    zone: "Choisissez un fuseau horaire.",
    value:
      "Inutilisable. Indiquez une adresse e-mail, ou un numéro mobile avec son pays, comme +256 772 123 456.",
    code: "Le code a six chiffres.",
    sms_above: "Indiquez un montant et sa devise, comme 500000 UGX.",
    sms_above_currency: "Choisissez aussi la devise.",
  },
  errors: {
    offline: "Pas de connexion. Réessayez.",
    version_changed:
      "Un autre appareil a changé vos réglages entre-temps. Vous voyez les plus récents ; choisissez de nouveau.",
    wrong_code: ({ tries_left }) =>
      tries_left
        ? `Ce n’est pas le code. Essais restants : ${tries_left}.`
        : "Ce code n’est plus valable. Demandez-en un autre.",
    too_many_codes: ({ retry_after }) =>
      retry_after > 90
        ? "Trop de codes ont été envoyés. Réessayez demain."
        : `Attendez ${retry_after} secondes, puis redemandez.`,
    code_not_sent: "Le code n’a pas pu être envoyé. Réessayez dans une minute.",
    address_known: "Cette adresse est déjà à vous et confirmée.",
    too_many_addresses: "Vous en avez le maximum. Supprimez-en une d’abord.",
    channel_off: "Rien n’est envoyé par ce canal ici.",
  },
};
