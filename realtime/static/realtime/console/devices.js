// Where the user is signed in, and the buttons that sign a device out.

import { Devices } from "../devices.js";
import { $, arrange, el, setText } from "./dom.js";
import { ago } from "./format.js";

/**
 * @param {import("./session.js").Session} session
 * @param {import("./link.js").Link} link
 */
export function showDevices(session, link) {
  const own = new Devices(session);
  const fold = $("devices-fold");
  const others = $("devices-others");
  let user = 0; // counts the users who have left

  const load = async () => {
    if (!fold.open || !session.token) return;
    const whose = user;
    try {
      const found = await own.list();
      if (whose !== user) return;
      setText($("devices-says"), "");
      draw(found);
    } catch (error) {
      if (whose === user) setText($("devices-says"), error.message);
    }
  };
  const draw = (found) => {
    const [current, rest] = [true, false].map((is) => found.filter((one) => one.is_current === is));
    arrange($("devices"), [...current, ...rest].map(rowOf));
    others.hidden = !found.some(({ is_current }) => is_current) || found.length < 2;
  };
  const rowOf = (device) => {
    const name = device.name || "A program without a name";
    const seen = device.is_online ? "connected" : `seen ${ago(device.seen_at)}`;
    const since = device.began_at ? `signed in ${ago(device.began_at)}` : "";
    return el(
      "li",
      { class: "device", data: { device: device.id } },
      el(
        "div",
        {},
        el("strong", { dir: "auto", text: name }),
        el("span", {
          class: "muted",
          text: [device.is_current ? "this one" : "", seen, since].filter(Boolean).join(" · "),
        }),
      ),
      !device.is_current &&
        el("button", {
          class: "button small quiet",
          type: "button",
          "aria-label": `Sign out: ${name}`,
          text: "Sign out",
          on: { click: () => act(() => own.signOut(device.id), `${name} is signed out.`) },
        }),
    );
  };
  const act = async (what, done) => {
    const whose = user;
    setText($("devices-done"), "");
    try {
      const answer = await what();
      if (whose !== user) return;
      setText($("devices-done"), typeof done === "string" ? done : done(answer));
    } catch (error) {
      if (whose === user) setText($("devices-done"), error.message);
    }
    load();
  };

  fold.addEventListener("toggle", load);
  others.addEventListener("click", () =>
    act(
      () => own.signOutOthers(),
      (count) => (count === 1 ? "One device is signed out." : `${count} devices are signed out.`),
    ),
  );
  link.addEventListener("message", (/** @type {any} */ { detail }) => {
    if (detail.type === "access_changed") load();
  });
  session.addEventListener("change", () => {
    user++;
    $("devices").replaceChildren();
    for (const id of ["devices-says", "devices-done"]) setText($(id), "");
    others.hidden = true;
    load();
  });
}
