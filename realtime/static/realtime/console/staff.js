// The panel "Server", for staff: trigger, decide, watch, close. The API decides who may.

import { $ } from "./dom.js";
import { showConnections } from "./staff-connections.js";
import { showFeeds } from "./staff-feeds.js";
import { showNodes } from "./staff-nodes.js";
import { findPeople } from "./staff-people.js";
import { showTrigger } from "./staff-trigger.js";
import { showWaiting } from "./staff-waiting.js";

const REFRESH_MS = 5000;

export function showStaff(session, store, link, triggers) {
  const people = findPeople({ session });
  const nameOf = (id) => (people.nameOf(id) ? `${people.nameOf(id)} (user ${id})` : `user ${id}`);
  const trigger = showTrigger({
    session,
    store,
    triggers,
    people,
    nameOf,
    sent: () => waiting.refresh(true),
  });
  const nodes = showNodes({ session });
  const waiting = showWaiting({ session, nameOf, heard: trigger.follow });
  const connections = showConnections({ session, people });
  const feeds = showFeeds(link);
  const parts = [nodes, waiting, connections];
  const fold = $("staff-fold");

  const refresh = () => {
    if (!fold.open || !fold.checkVisibility() || document.hidden) return;
    feeds.watch(true); // also after a reconnect as somebody else
    for (const part of parts) part.refresh();
  };
  fold.addEventListener("toggle", () => {
    for (const part of parts) part.forgive();
    if (!fold.open) feeds.watch(false);
    if (fold.open && !trigger.isBegun) trigger.begin();
    if (fold.open) $("staff").scrollIntoView({ block: "start" }); // it opens at the end of the rail
    refresh();
  });
  document.addEventListener("visibilitychange", refresh);
  setInterval(refresh, REFRESH_MS);

  let known = ""; // whose rights were asked for
  const ask = async () => {
    const who = session.userId;
    if (!who || who === known) return;
    known = who;
    try {
      const me = await session.api("GET", "/api/v1/auth/me");
      people.know([me]);
      $("staff").hidden = !me.is_staff;
    } catch {
      if (known === who) known = ""; // asked again with the next connection
    }
  };
  session.addEventListener("change", () => {
    known = "";
    $("staff").hidden = true;
    fold.open = false;
    people.clear();
    trigger.clear();
    for (const part of [feeds, ...parts]) part.clear();
    ask();
  });
  link.addEventListener("state", () => link.state === "online" && ask());
  ask();
}
