// The page of deploy/prometheus/consoles: it asks Prometheus for each panel of a row that is open,
// and draws. No template literals here: Prometheus reads this as a template of its own.

const REFRESH_MS = 15_000;
const POINTS = 240; // of a line
const SHORTEST_STEP = 5; // seconds
const SCRAPES = 4; // of 15 s that a rate looks back over, at least
const OPEN_ROWS = 4;
const COLOURS = 8;
const API = "../api/v1/";
const SVG = "http://www.w3.org/2000/svg";
const DASHES = ["", "6 3", "2 3"]; // the same colours again, told apart
const byId = (id) => document.getElementById(id);
const form = byId("choice");
const state = byId("state");
const panels = []; // {panel, figure, body, row}

function make(name, parent, attributes = {}, text = "") {
  const isDrawn = parent?.namespaceURI === SVG || name === "svg";
  const made = isDrawn ? document.createElementNS(SVG, name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text) made.textContent = text;
  parent?.append(made);
  return made;
}

// -- numbers as people read them

function scaled(value, base, units) {
  let index = 0;
  let rest = Math.abs(value);
  while (rest >= base && index < units.length - 1) {
    rest /= base;
    index += 1;
  }
  return short(Math.sign(value) * rest) + units[index];
}

function short(value) {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size < 0.001) return value.toExponential(1);
  const digits = size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3;
  return value
    .toFixed(digits)
    .replace(/(\.\d*?)0+$/, "$1")
    .replace(/\.$/, "");
}

function seconds(value) {
  const size = Math.abs(value);
  if (size >= 86_400) return short(value / 86_400) + " d";
  if (size >= 3600) return short(value / 3600) + " h";
  if (size >= 60) return short(value / 60) + " min";
  if (size >= 1 || size === 0) return short(value) + " s";
  return size >= 0.001 ? short(value * 1000) + " ms" : short(value * 1_000_000) + " µs";
}

const FORMATS = {
  short: (value) => scaled(value, 1000, ["", " k", " M", " G"]),
  ops: (value) => scaled(value, 1000, ["", " k", " M"]) + "/s",
  s: seconds,
  bytes: (value) => scaled(value, 1024, [" B", " KiB", " MiB", " GiB", " TiB"]),
  Bps: (value) => scaled(value, 1024, [" B/s", " KiB/s", " MiB/s", " GiB/s"]),
  percentunit: (value) => short(value * 100) + " %",
};

// -- asking Prometheus

async function get(path, parameters = {}) {
  const answer = await fetch(API + path + "?" + new URLSearchParams(parameters));
  const found = await answer.json();
  if (found.status !== "success") throw new Error(found.error || answer.statusText);
  return found.data;
}

const chosen = () => Object.fromEntries(new FormData(form));

function expanded(expression, choice, step) {
  const looksBack = Math.max(SCRAPES * 15, SCRAPES * step) + "s";
  return expression
    .replaceAll("$__rate_interval", looksBack)
    .replaceAll("$quantile", choice.quantile)
    .replaceAll("$instance", choice.instance);
}

const named = (legend, labels) =>
  legend.replace(/\{(\w+)\}/g, (_, label) => labels[label] ?? "").trim() || "none";

async function ask(panel, choice, end) {
  const span = Number(choice.span);
  const step = Math.max(SHORTEST_STEP, Math.ceil(span / POINTS));
  const until = Math.floor(end / step) * step;
  const kind = panel.number ? "query" : "query_range";
  const when = panel.number ? { time: end } : { start: until - span, end: until, step };
  const asked = Object.entries(panel.ask).map(async ([legend, expression]) => {
    const query = expanded(expression, choice, step);
    const data = await get(kind, { query, ...when });
    return data.result.map((one) => ({
      name: named(legend, one.metric),
      points: (one.values ?? [one.value])
        .map(([at, value]) => [at, Number(value)])
        .filter((point) => Number.isFinite(point[1])),
    }));
  });
  const found = (await Promise.all(asked)).flat().filter((one) => one.points.length);
  return { series: found, start: until - span, end: until, step };
}

// -- drawing

function ticks(low, high, count, wanted) {
  const raw = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const steps = wanted ?? [1, 2, 2.5, 5, 10].map((each) => each * power);
  const step = steps.find((each) => each >= raw) ?? steps.at(-1);
  const found = [];
  for (let at = Math.ceil(low / step) * step; at <= high + step / 1000; at += step) found.push(at);
  return found;
}

const DAY = 86_400;
const TIMES = [60, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, DAY, 2 * DAY];
const AGES = [...TIMES, ...[5, 10, 20, 50, 100, 200, 500].map((days) => days * DAY)];

const DOUBLED = Array.from({ length: 50 }, (_, power) => 2 ** power); // of bytes

const DATE = { month: "short", day: "numeric" };
const CLOCK = { hour: "2-digit", minute: "2-digit" };

function clock(at, span) {
  return written(at, span > DAY ? DATE : CLOCK);
}

/** A moment by the reader's own clock, with the name of its zone. */
const moment = (at) => written(at, { ...DATE, ...CLOCK, second: "2-digit", timeZoneName: "short" });

function written(at, options) {
  return new Date(at * 1000).toLocaleString("en-GB", options);
}

function stroke(number) {
  const dash = DASHES[Math.floor(number / COLOURS) % DASHES.length];
  return "stroke:var(--c" + (number % COLOURS) + ")" + (dash ? ";stroke-dasharray:" + dash : "");
}

function draw(body, panel, found) {
  const format = FORMATS[panel.unit ?? "short"];
  const width = Math.max(260, body.clientWidth);
  const [left, right, top, bottom, height] = [58, 8, 6, 20, 150];
  const all = found.series.flatMap((one) => one.points.map((point) => point[1]));
  const low = Math.min(0, ...all);
  const high = Math.max(...all) || 1;
  const doubled = ["bytes", "Bps"].includes(panel.unit) ? DOUBLED : undefined;
  const steps = panel.unit === "s" && high > 240 ? AGES : doubled;
  const values = ticks(low, Math.max(high, low + 1e-9), 4, steps);
  const highest = Math.max(high, values.at(-1));
  const span = found.end - found.start;
  const x = (at) => left + ((at - found.start) / span) * (width - left - right);
  const y = (value) =>
    height - bottom - ((value - low) / (highest - low)) * (height - top - bottom);
  const svg = make("svg", body, {
    viewBox: "0 0 " + width + " " + height,
    role: "img",
    "aria-label": panel.title + ": " + found.series.length + " lines; the table has their values",
  });
  for (const value of values) {
    const at = y(value);
    make("line", svg, { class: "grid", x1: left, x2: width - right, y1: at, y2: at });
    const place = { x: left - 6, y: at + 4, "text-anchor": "end" };
    make("text", svg, place, format(value));
  }
  const times = ticks(found.start, found.end, Math.max(2, Math.floor(width / 90)), TIMES);
  for (const at of times) {
    if (x(at) < left + 14 || x(at) > width - 20) continue;
    const place = { x: x(at), y: height - 4, "text-anchor": "middle" };
    make("text", svg, place, clock(at, span));
  }
  found.series.forEach((one, number) => {
    let path = "";
    let before = Number.NEGATIVE_INFINITY;
    for (const [at, value] of one.points) {
      const isGap = at - before > found.step * 1.5;
      path += (isGap ? "M" : "L") + x(at).toFixed(1) + " " + y(value).toFixed(1);
      if (isGap) path += "h0.1"; // a point alone is seen, too
      before = at;
    }
    make("path", svg, { d: path, style: stroke(number) });
  });
  return { svg, x, left, right, width, height, bottom };
}

function legend(body, panel, found) {
  const format = FORMATS[panel.unit ?? "short"];
  const box = make("div", body, {
    class: "legend",
    tabindex: "0",
    role: "region",
    "aria-label": "Values: " + panel.title,
  });
  const table = make("table", box);
  const head = make("tr", make("thead", table));
  const when = make("th", head, { scope: "col" });
  make("th", head, { scope: "col" }, "now");
  make("th", head, { scope: "col" }, "highest");
  const rows = make("tbody", table);
  const cells = found.series.map((one, number) => {
    const row = make("tr", rows);
    const name = make("td", row);
    make("i", name, { style: stroke(number).replace("stroke:", "background:").split(";")[0] });
    name.append(one.name);
    const now = make("td", row, {}, format(one.points.at(-1)[1]));
    make("td", row, {}, format(Math.max(...one.points.map((point) => point[1]))));
    return now;
  });
  return (at) => {
    when.textContent = at === null ? "" : moment(at);
    found.series.forEach((one, number) => {
      const near = (point) => Math.abs(point[0] - at) <= found.step;
      const point = at === null ? one.points.at(-1) : one.points.findLast(near);
      cells[number].textContent = point ? format(point[1]) : "";
    });
  };
}

function follow(drawn, found, show) {
  const line = make("line", drawn.svg, { class: "at", y1: 6, y2: drawn.height - drawn.bottom });
  line.style.display = "none";
  drawn.svg.addEventListener("pointermove", (event) => {
    const box = drawn.svg.getBoundingClientRect();
    const share =
      (((event.clientX - box.left) / box.width) * drawn.width - drawn.left) /
      (drawn.width - drawn.left - drawn.right);
    const at = found.start + Math.min(1, Math.max(0, share)) * (found.end - found.start);
    line.style.display = "";
    line.setAttribute("x1", drawn.x(at));
    line.setAttribute("x2", drawn.x(at));
    show(at);
  });
  drawn.svg.addEventListener("pointerleave", () => {
    line.style.display = "none";
    show(null);
  });
}

function number(body, panel, found) {
  const value = found.series[0].points.at(-1)[1];
  const isBad = value >= (panel.bad_from ?? Number.POSITIVE_INFINITY);
  const isGood = value >= (panel.good_from ?? Number.NEGATIVE_INFINITY);
  const judged = "bad_from" in panel || "good_from" in panel;
  const kind = !judged ? "" : isBad || !isGood ? " bad" : " good";
  make("div", body, { class: "value" + kind }, FORMATS[panel.unit ?? "short"](value));
}

function render(one, found) {
  const before = one.body.querySelector(".legend");
  const scrolled = before?.scrollTop ?? 0;
  const isFocused = before !== null && before === document.activeElement;
  one.body.replaceChildren();
  one.figure.dataset.state = found.series.length ? "full" : "empty";
  if (!found.series.length) {
    make(
      "div",
      one.body,
      { class: one.panel.number ? "value" : "none" },
      one.panel.number ? "–" : "No data",
    );
  } else if (one.panel.number) {
    number(one.body, one.panel, found);
  } else {
    const drawn = draw(one.body, one.panel, found);
    follow(drawn, found, legend(one.body, one.panel, found));
    const now = one.body.querySelector(".legend");
    now.scrollTop = scrolled;
    if (isFocused) now.focus({ preventScroll: true });
  }
}

async function alerts() {
  const found = (await get("alerts")).alerts.filter((one) => one.state === "firing");
  byId("alerts").replaceChildren();
  for (const one of found) {
    const item = make("li", byId("alerts"));
    make("b", item, {}, one.labels.alertname);
    item.append(one.annotations.summary ?? "");
    const since = " since " + moment(Date.parse(one.activeAt) / 1000) + " ";
    make("small", item, {}, since);
    const runbook = one.annotations.runbook_url ?? "";
    if (/^https?:/.test(runbook)) make("a", item, { href: runbook }, "Runbook");
    else make("code", item, {}, runbook);
  }
}

async function instances() {
  const names = await get("label/instance/values", { "match[]": 'up{job="hoardrun"}' });
  const select = form.elements.instance;
  const known = new Set([...select.options].map((option) => option.textContent));
  for (const name of names) {
    const value = name.replace(/[.\\+*?[^\]$(){}|]/g, "\\\\$&");
    if (!known.has(name)) make("option", select, { value }, name);
  }
}

let running = null; // the refresh under way; whoever asks meanwhile has another one after it
let isWanted = false;

function refresh() {
  if (running) isWanted = true;
  running ??= once().finally(() => {
    running = null;
    if (isWanted) refresh();
  });
}

async function once() {
  isWanted = false;
  const choice = chosen();
  const end = Date.now() / 1000;
  try {
    await Promise.all([alerts(), instances()]);
    const open = panels.filter((one) => one.row.open);
    await Promise.all(open.map(async (one) => render(one, await ask(one.panel, choice, end))));
    state.className = "";
    state.textContent = "As of " + moment(end);
  } catch (error) {
    state.className = "bad";
    state.textContent = "Prometheus does not answer: " + error.message;
  }
}

function build() {
  JSON.parse(byId("rows").textContent).forEach((row, index) => {
    const details = make("details", document.querySelector("main"));
    details.open = index < OPEN_ROWS;
    make("summary", details, {}, row.title);
    const boxes = {};
    for (const panel of row.panel) {
      const kind = panel.number ? "row numbers" : "row";
      boxes[kind] ??= make("div", details, { class: kind });
      const figure = make("figure", boxes[kind]);
      const caption = make("figcaption", figure, {}, panel.title);
      if (panel.number) caption.title = panel.text;
      else make("small", caption, {}, panel.text.replaceAll("`", ""));
      panels.push({ panel, figure, body: make("div", figure), row: details });
    }
    details.addEventListener("toggle", () => {
      const isNew = details.querySelector("figure:not([data-state])");
      if (details.open && isNew) refresh();
    });
  });
}

build();
form.addEventListener("change", refresh);
let resized;
window.addEventListener("resize", () => {
  clearTimeout(resized);
  resized = setTimeout(refresh, 300);
});
setInterval(() => document.hidden || refresh(), REFRESH_MS);
document.addEventListener("visibilitychange", () => document.hidden || refresh());
refresh();
