// What the settings page says, in English.

export default {
  title: "Notification settings",
  close: "Close",
  saved: "Saved.",
  loading: "Loading…",
  save: "Save",
  discard: "Discard",
  cancel: "Cancel",
  channels: { push: "Push", sms: "SMS", email: "E-mail" },
  ways: { push: "push message", sms: "SMS", email: "e-mail" },

  what: "What you get, and how",
  whatAbout:
    "Everything is in the app. Here you choose what also leaves it when you have not seen it.",
  because: (channels, reason) => `${channels}: ${reason}`,
  reasons: {
    required: "always on, it cannot be turned off",
    off: "not available here",
    stopped: "stopped for now",
    no_address: "no address yet",
    no_device: "on none of your devices",
    unverified: "not confirmed yet",
    suppressed: "cannot be reached",
    opted_out: "ended by STOP",
    consent: "you have unsubscribed",
    kind: "your choice",
    category: "your choice",
    channel: "your choice for all",
    muted: "muted for now",
    default: "as usual",
    mixed: "differs, see below",
  },
  notes: {
    off: (channel) => `${channel} is not available here.`,
    stopped: (channel) => `${channel} is stopped for now. Your choices hold again afterwards.`,
    no_address: (_, key) =>
      ({
        push: "Push is on in none of your browsers.",
        sms: "SMS: add your phone number below.",
        email: "E-mail: add your e-mail address below.",
      })[key],
    unverified: (channel) =>
      `${channel}: confirm your address below by the code that we have sent.`,
    suppressed: (channel) => `${channel}: messages to your address came back. Replace it below.`,
    opted_out: (channel) =>
      `${channel}: you have answered STOP. Only what is required is sent; answer START to get the rest.`,
  },
  defaults: "Back to the usual settings",
  digest: "How often",
  digests: { "": "Each by itself", daily: "Together, once a day", weekly: "Together, once a week" },

  offers: "Offers and news",
  offersAbout: "Only with your consent, at most once a day.",
  consent: (title, channel) =>
    `I agree to receive “${title}” by ${channel}. I can end this at any time.`,

  mute: "Mute for a while",
  muteAbout: "Until then nothing leaves the app, but for what is required or chosen by you above.",
  mutes: { hour: "For an hour", tomorrow: "Until tomorrow, 8:00", week: "For a week" },
  mutedUntil: (moment) => `Muted until ${moment}.`,
  unmute: "End now",

  quiet: "Quiet hours",
  quietAbout: "What is not urgent waits until they end.",
  noWindows: "None.",
  addWindow: "Add quiet hours",
  removeWindow: "Remove",
  window: (number) => `Quiet hours ${number}`,
  from: "From",
  to: "To",
  zone: "Time zone",
  zoneAbout: "They stay local times, in summer and in winter.",
  zoneHere: (zone) => `${zone} (this device)`,

  messages: "Messages",
  language: "Language of messages",
  asApp: "As the app has it",
  hide: "Amounts on the lock screen",
  hideAbout: "In push messages and SMS.",
  amounts: { "": "As usual", yes: "Hide", no: "Show" },
  threshold: "SMS for large payments",
  thresholdAbout: "When at least this amount leaves your account, you always get an SMS as well.",
  amount: "Amount",
  currency: "Currency",
  noThreshold: "Remove",

  push: "Push",
  pushHere: "Push messages to this browser",
  pushTest: "Send a test message",
  pushStates: {
    unsupported: "This browser cannot receive push messages.",
    install: "Put this page on the Home Screen first, and open it from there.",
    denied: "This browser forbids it. Allow notifications for this page in the browser's settings.",
    off: "Off.",
    on: "On.",
  },

  addresses: "Your addresses",
  addressesAbout:
    "A code proves that an address is yours. We tell you of each change, at the old one too.",
  groups: { email: "E-mail", sms: "Phone", push: "Browsers and apps with push" },
  none: "None.",
  add: { email: "Add an e-mail address", sms: "Add a phone number" },
  enter: { email: "E-mail address", sms: "Phone number, with its country: +256…" },
  sendCode: "Send a code",
  code: (address) => `Code that was sent to ${address}`,
  confirm: "Confirm",
  anotherCode: "Send another code",
  replace: "Replace",
  remove: "Remove",
  removeSure: (address) => `Remove ${address}?`,
  browser: (device) => (device ? `Browser or app “${device}”` : "Browser or app"),
  states: { unverified: "not confirmed yet", verified: "confirmed", invalid: "does not exist" },

  invalid: {
    time: "Give both times.",
    start: "Give a time such as 22:00.",
    end: "The end must differ from the start. For a whole day give two windows.",
    days: "Choose at least one day.",
    zone: "Choose a time zone.",
    value:
      "This cannot be used. Give an e-mail address, or a mobile number with its country, such as +256 772 123 456.",
    code: "The code has six digits.",
    sms_above: "Give an amount and its currency, such as 500000 UGX.",
    sms_above_currency: "Choose the currency, too.",
  },
  errors: {
    offline: "There is no connection. Try again.",
    version_changed:
      "Another device has changed your settings meanwhile. What you see is the newest; choose again.",
    wrong_code: ({ tries_left }) =>
      tries_left
        ? `This is not the code. Tries left: ${tries_left}.`
        : "This code is over. Send another one.",
    too_many_codes: ({ retry_after }) =>
      retry_after > 90
        ? "Too many codes were sent. Try again tomorrow."
        : `Wait ${retry_after} seconds, then ask again.`,
    code_not_sent: "The code could not be sent. Try again in a minute.",
    address_known: "This address is yours and confirmed already.",
    too_many_addresses: "You have as many as you can. Remove one first.",
    channel_off: "Nothing is sent by this channel here.",
  },
};
