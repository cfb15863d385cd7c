// Rooms: those joined as chips, those there are as a list.

import { $, el, inFrame, setText } from "./dom.js";

const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

/** @param {import("./link.js").Link} link */
export function showRooms(link) {
  link.addEventListener("rooms", () => inFrame("rooms", () => drawRooms(link)));
  link.addEventListener("state", () => inFrame("rooms", () => drawRooms(link)));
  $("list-rooms").addEventListener("click", () => ask(link, { type: "list_rooms" }));
  const field = $("join-room");
  field.addEventListener("input", () => says(""));
  link.addEventListener("state", () => link.state === "idle" && says(""));
  $("join").addEventListener("submit", async (event) => {
    event.preventDefault();
    const given = field.value;
    const names = given.split(/[\s,]+/).filter(Boolean);
    const message = names.length === 1 ? { room: names[0] } : { rooms: names };
    if (
      !names.length ||
      !(await ask(link, { type: "join_room", ...message, rate: $("join-rate").value }))
    )
      return;
    if (field.value === given) field.value = "";
  });
  setInterval(() => drawCounts(link), 1000);
  drawRooms(link);
}

/** Say what the server has against it, next to the form; returns whether it was done. */
async function ask(link, message) {
  says("");
  try {
    await link.ask(message);
    return true;
  } catch (error) {
    says(error.message, message.type === "join_room");
    return false;
  }
}

function says(text, isOfField = false) {
  setText($("join-error"), text);
  $("join-room").setAttribute("aria-invalid", String(isOfField));
}

function drawCounts(link) {
  for (const count of $("joined").querySelectorAll("[data-room]"))
    setText(count, short.format(link.received.get(count.dataset.room) ?? 0));
}

/** @param {import("./link.js").Link} link */
function drawRooms(link) {
  const isOnline = link.state === "online";
  $("list-rooms").disabled = !isOnline;
  $("join").querySelector("button").disabled = !isOnline;
  const joined = [...link.rooms];
  $("joined").replaceChildren(
    ...(joined.length
      ? joined.map(([room, rate]) => chip(link, room, rate))
      : [el("li", { class: "muted", text: isOnline ? "No room joined." : "Not connected." })]),
  );
  setText($("rooms-count"), link.available.length ? String(link.available.length) : "");
  $("room-names").replaceChildren(
    ...link.available.map(({ name }) => el("option", { value: name })),
  );
  $("rooms").replaceChildren(...link.available.map((room) => available(link, room)));
}

function chip(link, room, rate) {
  const leave = el("button", {
    class: "chip-close",
    type: "button",
    "aria-label": `Leave ${room}`,
    text: "×",
    on: { click: () => ask(link, { type: "leave_room", room }) },
  });
  return el(
    "li",
    { class: "chip on mono" },
    room,
    " ",
    rate === "realtime" ? null : el("span", { class: "count", text: rate }),
    " ",
    el("span", {
      class: "count",
      title: "Messages received",
      data: { room },
      text: short.format(link.received.get(room) ?? 0),
    }),
    " ",
    leave,
  );
}

function available(link, { name, description }) {
  const isJoined = link.rooms.has(name);
  const act = () =>
    ask(
      link,
      isJoined
        ? { type: "leave_room", room: name }
        : { type: "join_room", room: name, rate: $("join-rate").value },
    );
  return el(
    "li",
    {},
    el(
      "div",
      { class: "grow" },
      el("span", { class: "mono", text: name }),
      " ",
      el("span", { class: "muted clip", text: description }),
    ),
    el("button", {
      class: "button small quiet",
      type: "button",
      "aria-label": `${isJoined ? "Leave" : "Join"} ${name}`,
      disabled: link.state !== "online",
      text: isJoined ? "Leave" : "Join",
      on: { click: act },
    }),
  );
}
