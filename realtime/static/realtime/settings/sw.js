// What the settings page says, in Swahili.

export default {
  title: "Mipangilio ya arifa",
  close: "Funga",
  saved: "Imehifadhiwa.",
  loading: "Inapakia…",
  save: "Hifadhi",
  discard: "Tupa mabadiliko",
  cancel: "Ghairi",
  channels: { push: "Push", sms: "SMS", email: "Barua pepe" },
  ways: { push: "ujumbe wa push", sms: "SMS", email: "barua pepe" },

  what: "Unachopokea, na kwa njia gani",
  whatAbout: "Kila kitu kiko kwenye programu. Hapa unachagua kinachotumwa nje pia ikiwa hujakiona.",
  because: (channels, reason) => `${channels}: ${reason}`,
  reasons: {
    required: "huwashwa daima, haiwezi kuzimwa",
    off: "haipatikani hapa",
    stopped: "imesimamishwa kwa sasa",
    no_address: "bado hakuna anwani",
    no_device: "haijawashwa kwenye kifaa chochote",
    unverified: "bado haijathibitishwa",
    suppressed: "haifikiki",
    opted_out: "umesitisha kwa STOP",
    consent: "umejiondoa",
    kind: "chaguo lako",
    category: "chaguo lako",
    channel: "chaguo lako kwa zote",
    muted: "imenyamazishwa kwa sasa",
    default: "kama kawaida",
    mixed: "zinatofautiana, tazama chini",
  },
  notes: {
    off: (channel) => `${channel} haipatikani hapa.`,
    stopped: (channel) =>
      `${channel} imesimamishwa kwa sasa. Machaguo yako yatatumika tena baadaye.`,
    no_address: (_, key) =>
      ({
        push: "Push haijawashwa kwenye kivinjari chako chochote.",
        sms: "SMS: ongeza namba yako ya simu hapa chini.",
        email: "Barua pepe: ongeza anwani yako hapa chini.",
      })[key],
    unverified: (channel) => `${channel}: thibitisha anwani yako hapa chini kwa msimbo tuliotuma.`,
    suppressed: (channel) => `${channel}: ujumbe kwa anwani yako umerudi. Ibadilishe hapa chini.`,
    opted_out: (channel) =>
      `${channel}: umejibu STOP. Yanayotumwa ni ya lazima tu; jibu START upate mengine.`,
  },
  defaults: "Rudisha mipangilio ya kawaida",
  digest: "Mara ngapi",
  digests: {
    "": "Kila moja peke yake",
    daily: "Pamoja, mara moja kwa siku",
    weekly: "Pamoja, mara moja kwa wiki",
  },

  offers: "Ofa na habari",
  offersAbout: "Kwa idhini yako tu, si zaidi ya mara moja kwa siku.",
  consent: (title, channel) =>
    `Ninakubali kupokea “${title}” kwa ${channel}. Ninaweza kusitisha wakati wowote.`,

  mute: "Nyamazisha kwa muda",
  muteAbout:
    "Hadi wakati huo hakuna kinachotumwa nje ya programu, isipokuwa cha lazima au ulichochagua hapo juu.",
  mutes: { hour: "Kwa saa moja", tomorrow: "Hadi kesho, saa 2 asubuhi", week: "Kwa wiki moja" },
  mutedUntil: (moment) => `Imenyamazishwa hadi ${moment}.`,
  unmute: "Sitisha sasa",

  quiet: "Saa za utulivu",
  quietAbout: "Yasiyo ya haraka husubiri hadi ziishe.",
  noWindows: "Hakuna.",
  addWindow: "Ongeza saa za utulivu",
  removeWindow: "Ondoa",
  window: (number) => `Saa za utulivu ${number}`,
  from: "Kuanzia",
  to: "Hadi",
  zone: "Majira ya saa",
  zoneAbout: "Hubaki saa za mahali ulipo, mwaka mzima.",
  zoneHere: (zone) => `${zone} (kifaa hiki)`,

  messages: "Jumbe",
  language: "Lugha ya jumbe",
  asApp: "Kama programu ilivyo",
  hide: "Kiasi kwenye skrini iliyofungwa",
  hideAbout: "Kwenye jumbe za push na SMS.",
  amounts: { "": "Kama kawaida", yes: "Ficha", no: "Onyesha" },
  threshold: "SMS kwa malipo makubwa",
  thresholdAbout: "Kiasi hiki au zaidi kinapotoka kwenye akaunti yako, daima unapata SMS pia.",
  amount: "Kiasi",
  currency: "Sarafu",
  noThreshold: "Ondoa",

  push: "Push",
  pushHere: "Jumbe za push kwenye kivinjari hiki",
  pushTest: "Tuma ujumbe wa majaribio",
  pushStates: {
    unsupported: "Kivinjari hiki hakiwezi kupokea jumbe za push.",
    install: "Weka ukurasa huu kwenye skrini ya mwanzo kwanza, kisha uufungue kutoka hapo.",
    denied: "Kivinjari hiki kimezuia. Ruhusu arifa za ukurasa huu kwenye mipangilio ya kivinjari.",
    off: "Imezimwa.",
    on: "Imewashwa.",
  },

  addresses: "Anwani zako",
  addressesAbout:
    "Msimbo huthibitisha kuwa anwani ni yako. Tunakujulisha kila badiliko, kwenye ya zamani pia.",
  groups: { email: "Barua pepe", sms: "Simu", push: "Vivinjari na programu zenye push" },
  none: "Hakuna.",
  add: { email: "Ongeza barua pepe", sms: "Ongeza namba ya simu" },
  enter: { email: "Barua pepe", sms: "Namba ya simu, pamoja na nchi: +256…" },
  sendCode: "Tuma msimbo",
  code: (address) => `Msimbo uliotumwa kwa ${address}`,
  confirm: "Thibitisha",
  anotherCode: "Tuma msimbo mwingine",
  replace: "Badilisha",
  remove: "Ondoa",
  removeSure: (address) => `Uondoe ${address}?`,
  browser: (device) => (device ? `Kivinjari au programu “${device}”` : "Kivinjari au programu"),
  states: { unverified: "bado haijathibitishwa", verified: "imethibitishwa", invalid: "haipo" },

  invalid: {
    time: "Weka saa zote mbili.",
    start: "Weka saa kama 22:00.",
    end: "Mwisho lazima utofautiane na mwanzo. Kwa siku nzima weka vipindi viwili.",
    days: "Chagua angalau siku moja.",
    zone: "Chagua majira ya saa.",
    value:
      "Hii haiwezi kutumika. Weka barua pepe, au namba ya simu ya mkononi pamoja na nchi, kama +256 772 123 456.",
    code: "Msimbo una tarakimu sita.",
    sms_above: "Weka kiasi na sarafu yake, kama 500000 UGX.",
    sms_above_currency: "Chagua sarafu pia.",
  },
  errors: {
    offline: "Hakuna muunganisho. Jaribu tena.",
    version_changed:
      "Kifaa kingine kimebadilisha mipangilio yako. Unachoona ni kipya zaidi; chagua tena.",
    wrong_code: ({ tries_left }) =>
      tries_left
        ? `Huu si msimbo sahihi. Majaribio yaliyobaki: ${tries_left}.`
        : "Msimbo huu umeisha muda. Tuma mwingine.",
    too_many_codes: ({ retry_after }) =>
      retry_after > 90
        ? "Misimbo mingi imetumwa. Jaribu tena kesho."
        : `Subiri sekunde ${retry_after}, kisha uombe tena.`,
    code_not_sent: "Msimbo haukuweza kutumwa. Jaribu tena baada ya dakika moja.",
    address_known: "Anwani hii ni yako na imeshathibitishwa.",
    too_many_addresses: "Umefikia kikomo. Ondoa moja kwanza.",
    channel_off: "Hakuna kinachotumwa kwa njia hii hapa.",
  },
};
