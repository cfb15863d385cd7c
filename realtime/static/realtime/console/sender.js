// The Send panel: choose a message, fill its form, change the JSON if you like, send.

import { PREFIX } from "./api.js";
import { $, copy, el, setText } from "./dom.js";
import { commandForm } from "./forms.js";

/** The socket's address without anything secret: it is derived from the page's own. */
export const address = () =>
  `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${PREFIX}/ws/notifications`;

const HISTORY = "hoardrun.history";
const KEPT = 50;

export function showSender(link, session, commands) {
  const history = new History();
  const editor = $("editor");
  const select = $("command");
  select.replaceChildren(...commands.map(({ type }) => el("option", { value: type, text: type })));

  const choose = () => {
    const command = commands.find(({ type }) => type === select.value);
    setText($("command-about"), command.about.replaceAll("`", ""));
    const form = commandForm(command, {
      prefill: (name) => prefill(name, link, session),
      suggest: (name) => (name.startsWith("room") ? "room-names" : null),
      changed: (message) => write(message),
    });
    $("command-form").replaceChildren(...form.nodes);
    write(form.read());
  };
  const write = (message) => {
    editor.value = pretty(message);
    check(editor);
  };
  let last = 0;
  const send = async () => {
    const text = editor.value;
    if (!text.trim()) return;
    history.add(text);
    const message = parse(text);
    const isObject = message && typeof message === "object" && !Array.isArray(message);
    const asked = ++last;
    tell("", "");
    let said = ["", ""];
    try {
      const { type } = await (isObject ? link.ask(message) : link.askText(text));
      said = ["", `The server answered: ${type}.`];
    } catch (error) {
      said = [error.message, ""];
    }
    if (asked === last && editor.value === text) tell(...said);
  };
  session.addEventListener("change", () => {
    history.clear();
    choose();
  });

  select.addEventListener("change", choose);
  $("command-form").addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
  $("send").addEventListener("click", send);
  editor.addEventListener("input", () => check(editor));
  editor.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      return send();
    }
    if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
    const step = event.key === "ArrowUp" ? -1 : 1;
    const edge =
      step < 0
        ? !editor.value.slice(0, editor.selectionStart).includes("\n")
        : !editor.value.slice(editor.selectionEnd).includes("\n");
    const text = edge ? history.move(step) : null;
    if (text === null) return;
    event.preventDefault();
    editor.value = text;
    check(editor);
  });
  $("copy").addEventListener("click", (event) =>
    copy(snippet($("copy-as").value, editor.value), event.currentTarget),
  );
  link.addEventListener("state", () => ($("send").disabled = link.state !== "online"));
  choose();
}

function prefill(name, link, session) {
  const [stream, offset] = link.positions[0] || [];
  return { room: "market_data", stream, offset, token: session.token || undefined }[name];
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function tell(error, answer) {
  setText($("editor-error"), error);
  setText($("editor-answer"), answer);
}

const pretty = (message) => JSON.stringify(message, null, 2);

function check(editor) {
  let problem = "";
  try {
    JSON.parse(editor.value);
  } catch (error) {
    problem = `Not valid JSON: ${error.message}. It can be sent all the same.`;
  }
  tell(problem, "");
}

/** Write the message as code for elsewhere. The token stays out of it. */
function snippet(language, text) {
  const message = parse(text);
  if (typeof message?.token === "string") message.token = "TOKEN";
  const json = message === undefined ? text.trim() : JSON.stringify(message);
  const literal = message === undefined ? JSON.stringify(text) : JSON.stringify(json);
  switch (language) {
    case "python":
      return `import asyncio\nimport json\n\nimport websockets\n\n\nasync def main():\n    async with websockets.connect("${address()}?token=TOKEN") as socket:\n        await socket.send(${literal})\n        async for text in socket:\n            print(json.loads(text))\n\n\nasyncio.run(main())\n`;
    case "wscat":
      return `wscat -c '${address()}?token=TOKEN' -w 5 -x '${json.replaceAll("'", "'\\''")}'\n`;
    default:
      return `const socket = new WebSocket("${address()}?token=TOKEN");\nsocket.onmessage = (event) => console.log(JSON.parse(event.data));\nsocket.onopen = () => socket.send(${message === undefined ? literal : `JSON.stringify(${json})`});\n`;
  }
}

/** What was sent before, walked with ↑ and ↓. Tokens are not remembered. */
class History {
  #items = [];
  #at = 0;

  constructor() {
    try {
      this.#items = JSON.parse(sessionStorage.getItem(HISTORY)) || [];
    } catch {
      this.#items = [];
    }
    this.#at = this.#items.length;
  }

  add(text) {
    if (!text.includes('"token"') && this.#items.at(-1) !== text) this.#items.push(text);
    this.#items = this.#items.slice(-KEPT);
    this.#at = this.#items.length;
    sessionStorage.setItem(HISTORY, JSON.stringify(this.#items));
  }

  clear() {
    this.#items = [];
    this.#at = 0;
    sessionStorage.removeItem(HISTORY);
  }

  move(step) {
    const next = this.#at + step;
    if (next < 0 || next >= this.#items.length) return null;
    this.#at = next;
    return this.#items[next];
  }
}
