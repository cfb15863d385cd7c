// What the settings page says, in Luganda.

export default {
  title: "Entegeka y'obubaka",
  close: "Ggalawo",
  saved: "Kiterekeddwa.",
  loading: "Biteekebwawo…",
  save: "Tereka",
  discard: "Leka",
  cancel: "Sazaamu",
  channels: { push: "Push", sms: "SMS", email: "Imeyiro" },
  ways: { push: "bubaka bwa push", sms: "SMS", email: "imeyiro" },

  what: "By'ofuna, n'engeri gy'obifunamu",
  whatAbout: "Byonna biri mu app. Wano olondawo ebifuluma mu app bw'oba tonnabiraba.",
  because: (channels, reason) => `${channels}: ${reason}`,
  reasons: {
    required: "bulijjo biweerezebwa, tebiggyibwako",
    off: "tekiriiwo wano",
    stopped: "kiyimiriziddwa kati",
    no_address: "tewannabaawo ndagiriro",
    no_device: "teri ku kyuma kyo kyonna",
    unverified: "tennakakasibwa",
    suppressed: "tetuukikako",
    opted_out: "wakomya na STOP",
    consent: "wavaamu",
    kind: "ggwe wakironda",
    category: "ggwe wakironda",
    channel: "ggwe wakironda ku byonna",
    muted: "bisirisiddwa kati",
    default: "nga bulijjo",
    mixed: "byawukana, laba wansi",
  },
  notes: {
    off: (channel) => `${channel}: tekiriiwo wano.`,
    stopped: (channel) =>
      `${channel}: kiyimiriziddwa kati. By'olonze bijja kuddamu okukola oluvannyuma.`,
    no_address: (_, key) =>
      ({
        push: "Push teri ku browser yo yonna.",
        sms: "SMS: gattako ennamba yo ey'essimu wansi.",
        email: "Imeyiro: gattako endagiriro yo wansi.",
      })[key],
    unverified: (channel) => `${channel}: kakasa endagiriro yo wansi ne koodi gye tuweerezza.`,
    suppressed: (channel) =>
      `${channel}: obubaka obugenda ku ndagiriro yo bwakomyewo. Gikyuse wansi.`,
    opted_out: (channel) =>
      `${channel}: waddamu STOP. Ebiteekwa byokka bye biweerezebwa; ddamu START ofune ebirala.`,
  },
  defaults: "Ddayo ku ntegeka eya bulijjo",
  digest: "Emirundi emeka",
  digests: {
    "": "Buli kimu kyokka",
    daily: "Wamu, omulundi gumu mu lunaku",
    weekly: "Wamu, omulundi gumu mu wiiki",
  },

  offers: "Ebirango n'amawulire",
  offersAbout: "Ng'okkirizza wekka, tebisukka mulundi gumu mu lunaku.",
  consent: (title, channel) =>
    `Nzikirizza okufuna “${title}” ku ${channel}. Nsobola okukikomya ekiseera kyonna.`,

  mute: "Sirisa okumala akaseera",
  muteAbout: "Okutuusa olwo tewali kifuluma mu app, okuggyako ebiteekwa n'ebyo by'olonze waggulu.",
  mutes: {
    hour: "Okumala essaawa emu",
    tomorrow: "Okutuusa enkya, ssaawa bbiri ez'oku makya",
    week: "Okumala wiiki emu",
  },
  mutedUntil: (moment) => `Bisirisiddwa okutuusa ${moment}.`,
  unmute: "Komya kati",

  quiet: "Essaawa ez'okusirika",
  quietAbout: "Ebitali bya mangu birinda okutuusa nga ziweddeko.",
  noWindows: "Tewali.",
  addWindow: "Gattako essaawa ez'okusirika",
  removeWindow: "Ggyawo",
  window: (number) => `Essaawa ez'okusirika ${number}`,
  from: "Okuva",
  to: "Okutuuka",
  // Browsers do not know them.
  weekdays: {
    long: ["Balaza", "Lwakubiri", "Lwakusatu", "Lwakuna", "Lwakutaano", "Lwamukaaga", "Sabbiiti"],
    short: ["Bal", "Lw2", "Lw3", "Lw4", "Lw5", "Lw6", "Sab"],
  },
  zone: "Ekitundu ky'essaawa",
  zoneAbout: "Ziba ssaawa za wano, omwaka gwonna.",
  zoneHere: (zone) => `${zone} (ekyuma kino)`,

  messages: "Obubaka",
  language: "Olulimi lw'obubaka",
  asApp: "Nga app bw'eri",
  hide: "Omuwendo gw'ensimbi ku ssimu ensibe",
  hideAbout: "Mu bubaka bwa push ne SMS.",
  amounts: { "": "Nga bulijjo", yes: "Kweka", no: "Laga" },
  threshold: "SMS ku nsasula ennene",
  thresholdAbout:
    "Ensimbi ezenkana wano oba okusingawo bwe ziva ku akaawunti yo, bulijjo ofuna ne SMS.",
  amount: "Omuwendo",
  currency: "Ensimbi",
  noThreshold: "Ggyawo",

  push: "Push",
  pushHere: "Obubaka bwa push ku browser eno",
  pushTest: "Weereza obubaka obw'okugezesa",
  pushStates: {
    unsupported: "Browser eno tesobola kufuna bubaka bwa push.",
    install: "Sooka oteeke omuko guno ku lutimbe olusooka (Home Screen), oguggulire okwo.",
    denied: "Browser eno ekigaanye. Kkiriza obubaka bw'omuko guno mu ntegeka ya browser.",
    off: "Eggyiddwako.",
    on: "Eteekeddwako.",
  },

  addresses: "Endagiriro zo",
  addressesAbout: "Koodi ekakasa nti endagiriro yiyo. Tukutegeeza buli nkyukakyuka, ne ku nkadde.",
  groups: { email: "Imeyiro", sms: "Essimu", push: "Browser ne app eziriko push" },
  none: "Tewali.",
  add: { email: "Gattako imeyiro", sms: "Gattako ennamba y'essimu" },
  enter: { email: "Imeyiro", sms: "Ennamba y'essimu, n'eggwanga: +256…" },
  sendCode: "Weereza koodi",
  code: (address) => `Koodi eyaweerezeddwa ku ${address}`,
  confirm: "Kakasa",
  anotherCode: "Weereza koodi endala",
  replace: "Kyusa",
  remove: "Ggyawo",
  removeSure: (address) => `Oggyewo ${address}?`,
  browser: (device) => (device ? `Browser oba app “${device}”` : "Browser oba app"),
  states: { unverified: "tennakakasibwa", verified: "ekakasiddwa", invalid: "teriiwo" },

  invalid: {
    time: "Wandiika essaawa zombi.",
    start: "Wandiika essaawa nga 22:00.",
    end: "Enkomerero n'entandikwa birina okwawukana. Olunaku olulamba lwawulemu ebitundu bibiri.",
    days: "Londa waakiri olunaku lumu.",
    zone: "Londa ekitundu ky'essaawa.",
    value:
      "Kino tekikola. Wandiika imeyiro, oba ennamba y'essimu ey'omu ngalo n'eggwanga, nga +256 772 123 456.",
    code: "Koodi erina ennamba mukaaga.",
    sms_above: "Wandiika omuwendo n'ekika ky'ensimbi, nga 500000 UGX.",
    sms_above_currency: "Londa n'ekika ky'ensimbi.",
  },
  errors: {
    offline: "Tewali mukutu. Gezaako nate.",
    version_changed: "Ekyuma ekirala kikyusizza entegeka yo. By'olaba bye bisembyeyo; londa nate.",
    wrong_code: ({ tries_left }) =>
      tries_left
        ? `Eno si ye koodi. Emirundi egisigaddeyo: ${tries_left}.`
        : "Koodi eno eweddeko. Weereza endala.",
    too_many_codes: ({ retry_after }) =>
      retry_after > 90
        ? "Koodi nnyingi eziweerezeddwa. Gezaako enkya."
        : `Linda obutikitiki ${retry_after}, oddemu osabe.`,
    code_not_sent: "Koodi tesobodde kuweerezebwa. Gezaako oluvannyuma lw'eddakiika emu.",
    address_known: "Endagiriro eno yiyo era yakakasibwa.",
    too_many_addresses: "Owezezza omuwendo ogukkirizibwa. Sooka oggyewo emu.",
    channel_off: "Tewali kiweerezebwa ku mukutu guno wano.",
  },
};
