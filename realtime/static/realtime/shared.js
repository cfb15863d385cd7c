// A connection in a SharedWorker: a tab's end of it, with the face of Connection.

import { claimsOf, DisconnectedError, Emitter, LEFT, ServerError, TimeoutError } from "./parts.js";
import { VERSION } from "./version.js";

const WELCOME_WITHIN_MS = 5000;
const policy = globalThis.trustedTypes?.createPolicy("hoardrun", { createScriptURL: (url) => url });

/** Make an address that a page with trusted types takes for a script, as others do. */
export const scriptUrl = (url) => policy?.createScriptURL(String(url)) ?? url;

/** The browser's own, for workers of a name. */
function workersNamed(name) {
  if (!globalThis.SharedWorker) throw new Error("This browser has no SharedWorker.");
  return class extends globalThis.SharedWorker {
    constructor(url, options) {
      super(scriptUrl(url), { ...options, name });
    }
  };
}

/**
 * Rejects where the browser has no such worker for us, and says why.
 * @returns {Promise<SharedConnection>}
 */
export function share(options, token) {
  return new Promise((resolve, reject) => {
    const { url, tokenIn, device, deviceClass, workerUrl } = options;
    // To share with equals only: a worker that pages before a deploy have started is not of this version.
    const SharedWorker = workersNamed(
      JSON.stringify([VERSION, url, tokenIn, device, deviceClass, loginOf(token)]),
    );
    // Bundlers know the second by its text and emit the file; Vite refuses options that are not literal.
    const worker = workerUrl
      ? new SharedWorker(workerUrl, { type: "module" })
      : new SharedWorker(new URL("./worker.js", import.meta.url), { type: "module" });
    const timer = setTimeout(
      () => reject(new Error("The worker does not answer.")),
      WELCOME_WITHIN_MS,
    );
    worker.onerror = () =>
      reject(
        new Error(
          `The worker cannot be loaded${workerUrl ? ` from ${workerUrl}` : ""}: give its address as \`workerUrl\`.`,
        ),
      );
    worker.port.onmessage = async ({ data }) => {
      clearTimeout(timer);
      if (data.version !== VERSION)
        return reject(new Error("The worker's file is of another version."));
      resolve(new SharedConnection(worker.port, { mine: await hold(), its: data.lock }, options));
    };
    worker.port.postMessage({ do: "hello" });
  });
}

/** Name the login of a token, the same through its renewals. Throws when it cannot be told. */
function loginOf(token) {
  const claims = claimsOf(token);
  if (!claims) throw new Error("The token is no JWT, so that it does not tell whose login it is.");
  const { exp, iat, nbf, jti, ...login } = claims;
  if (!login.sid) login.jti = jti; // without a name of its own, a login is its token
  return Object.entries(login).sort();
}

/** Hold a lock until this tab is gone: the worker that gets it then knows, even after a crash. */
function hold() {
  if (!navigator.locks) return { name: "", release: () => {} };
  const name = `hoardrun ${crypto.getRandomValues(new Uint32Array(4))}`;
  return new Promise((resolve) => {
    navigator.locks.request(name, () => new Promise((release) => resolve({ name, release })));
  });
}

/** Make the error again that came through the worker. */
function errorOf(error) {
  return Object.assign(madeOf(error), { joined: error.joined });
}

function madeOf(error) {
  switch (error.name) {
    case "ServerError":
      return new ServerError(error);
    case "TimeoutError":
      return new TimeoutError(error.message);
    case "DisconnectedError":
      return new DisconnectedError(error);
    default:
      return new Error(error.message);
  }
}

class SharedConnection extends Emitter {
  state = "disconnected";
  stats = {};
  #options;
  #getToken;
  #port;
  #asked = new Map();
  #next = 1;
  #lock;
  #life = new AbortController();

  constructor(port, { mine, its }, { url, tokenIn, device, deviceClass, timeoutMs, getToken }) {
    super();
    this.#options = { url, tokenIn, device, deviceClass, timeoutMs };
    this.#getToken = getToken;
    this.#port = port;
    this.#lock = mine;
    const { signal } = this.#life;
    if (its) navigator.locks.request(its, { signal }, () => this.emit("lost")).catch(() => {}); // the worker is gone
    port.onmessage = ({ data }) => this.#receive(data);
  }

  /** What this tab has already: it is told what came after, or that it is `behind`. */
  start(tab) {
    this.#say({ do: "start", ...tab, lock: this.#lock.name, options: this.#options });
  }

  stop() {
    this.#say({ do: "bye" });
    this.#port.close();
    this.#lock.release();
    this.#life.abort();
    for (const { reject } of this.#asked.values())
      reject(new DisconnectedError({ code: 0, reason: LEFT }));
    this.#asked.clear();
    this.#enter({ state: "disconnected", reason: LEFT });
  }

  on(type, handler) {
    if (type === "frame") this.#say({ do: "frames" });
    return super.on(type, handler);
  }

  ask(command) {
    return this.#call({ do: "ask", command });
  }

  setTypes(types) {
    return this.#call({ do: "types", types });
  }

  ack(stream, offset) {
    this.#say({ do: "ack", stream, offset });
  }

  sendText(text) {
    if (this.state === "connected") this.#say({ do: "text", text });
    return this.state === "connected";
  }

  retryNow() {
    this.#say({ do: "retry" });
  }

  set hidden(hidden) {
    this.#say({ do: "hidden", hidden });
  }

  set presence(presence) {
    this.#say({ do: "presence", presence });
  }

  #say(message) {
    this.#port.postMessage(message);
  }

  #call(message) {
    const call = this.#next++;
    return new Promise((resolve, reject) => {
      this.#asked.set(call, { resolve, reject });
      this.#say({ ...message, call });
    });
  }

  /** @param {any} said */
  #receive(said) {
    switch (said.is) {
      case "state":
        return this.#enter(said.change);
      case "answer":
        return this.#answered(said);
      case "token":
        return this.#sendToken(said);
    }
    if (said.stats) this.stats = said.stats;
    this.emit(said.is, said.what);
  }

  #answered({ call, result, error }) {
    const { resolve, reject } = this.#asked.get(call) || {};
    if (!this.#asked.delete(call)) return;
    if (error) reject(errorOf(error));
    else resolve(result);
  }

  async #sendToken({ call, reason }) {
    try {
      this.#say({ do: "token", call, token: await this.#getToken(reason) });
    } catch (error) {
      this.#say({ do: "token", call, error: error.message });
    }
  }

  #enter(change) {
    this.state = change.state;
    this.emit("state", change);
  }
}
