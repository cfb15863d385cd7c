// The declarations and the code say the same, for the compiler alone: `make types`.
// What is below var/types is the compiler's own reading of the code.

import type * as bell from "../../realtime/static/realtime/bell.js";
import type * as client from "../../realtime/static/realtime/client.js";
import type * as device from "../../realtime/static/realtime/device.js";
import type * as devices from "../../realtime/static/realtime/devices.js";
import type * as inbox from "../../realtime/static/realtime/inbox.js";
import type * as market from "../../realtime/static/realtime/market.js";
import type * as payees from "../../realtime/static/realtime/payees.js";
import type * as preferences from "../../realtime/static/realtime/preferences.js";
import type * as presence from "../../realtime/static/realtime/presence.js";
import type * as push from "../../realtime/static/realtime/push.js";
import type * as settings from "../../realtime/static/realtime/settings.js";
import type * as bellCode from "../../var/types/bell.js";
import type * as clientCode from "../../var/types/client.js";
import type { Connection } from "../../var/types/connection.js";
import type * as deviceCode from "../../var/types/device.js";
import type * as devicesCode from "../../var/types/devices.js";
import type * as inboxCode from "../../var/types/inbox.js";
import type * as marketCode from "../../var/types/market.js";
import type * as payeesCode from "../../var/types/payees.js";
import type * as preferencesCode from "../../var/types/preferences.js";
import type * as presenceCode from "../../var/types/presence.js";
import type * as pushCode from "../../var/types/push.js";
import type * as settingsCode from "../../var/types/settings.js";
import type { share } from "../../var/types/shared.js";

/** The code can be used as it is declared. */
type Fits<Declared, Code extends Declared> = Code;

export type Code = [
  Fits<typeof bell, typeof bellCode>,
  Fits<typeof client, typeof clientCode>,
  Fits<typeof device, typeof deviceCode>,
  Fits<devices.Devices, devicesCode.Devices>,
  Fits<typeof presence, typeof presenceCode>,
  Fits<typeof settings, typeof settingsCode>,
  Fits<typeof push, typeof pushCode>,
  Fits<Omit<inbox.Inbox, "addEventListener">, inboxCode.Inbox>,
  Fits<Omit<payees.Payees, "addEventListener">, payeesCode.Payees>,
  Fits<Omit<preferences.Preferences, "addEventListener">, preferencesCode.Preferences>,
  Fits<ConstructorParameters<typeof inboxCode.Inbox>, ConstructorParameters<typeof inbox.Inbox>>,
];

/** What only one of two has. */
type Apart<Declared, Code> =
  | Exclude<keyof Declared, keyof Code>
  | Exclude<keyof Code, keyof Declared>;

/** Refuse every name, and say which it was. */
type None<Names extends never> = Names;
type OfElement = "connectedCallback" | "disconnectedCallback" | "attributeChangedCallback";
/** The page may set it; the element has none of its own. */
type OfPage = "getToken";

export type Names = [
  None<Exclude<Apart<typeof client, typeof clientCode>, "CloseCode" | "Handled" | "Tokens">>,
  None<Apart<client.Client, clientCode.Client>>,
  None<Apart<client.Positions, clientCode.Positions>>,
  None<Apart<typeof inbox, typeof inboxCode>>,
  None<Apart<inbox.Inbox, inboxCode.Inbox>>,
  None<Apart<typeof market, typeof marketCode>>,
  None<Apart<market.Market, marketCode.Market>>,
  None<Apart<market.Market["alerts"], marketCode.Market["alerts"]>>,
  None<Apart<typeof payees, typeof payeesCode>>,
  None<Apart<payees.Payees, payeesCode.Payees>>,
  None<Apart<typeof preferences, typeof preferencesCode>>,
  None<Apart<preferences.Preferences, preferencesCode.Preferences>>,
  None<Exclude<Apart<bell.HoardrunBell, bellCode.HoardrunBell>, OfElement | OfPage>>,
  None<Apart<typeof settings, typeof settingsCode>>,
  None<Exclude<Apart<settings.HoardrunSettings, settingsCode.HoardrunSettings>, OfElement>>,
  None<Apart<typeof device, typeof deviceCode>>,
  None<Apart<typeof devices, typeof devicesCode>>,
  None<Apart<devices.Devices, devicesCode.Devices>>,
  None<Apart<typeof presence, typeof presenceCode>>,
  None<Apart<typeof push, typeof pushCode>>,
];

/** What a client asks of its connection, of its own or a tab's end of one that tabs share. */
type Face = Pick<
  Connection,
  "state" | "on" | "start" | "stop" | "ask" | "setTypes" | "ack" | "sendText" | "retryNow"
> & { hidden: boolean; presence: string; stats: object };

export type Faces = [Fits<Face, Connection>, Fits<Face, Awaited<ReturnType<typeof share>>>];
