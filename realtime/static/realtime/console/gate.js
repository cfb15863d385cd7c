// Logging in and out, and the panel that says who is logged in.

import { $, copy, el, setFacts, setText } from "./dom.js";
import { initials } from "./format.js";

/** The console's: the login, and who is logged in. */
export function showGate(session, logins, renew) {
  showLogin(session, logins);
  $("logout").addEventListener("click", () => session.logOut());
  $("renew").addEventListener("click", (event) => attemptRenewal(renew, event.currentTarget));
  $("copy-token").addEventListener("click", (event) => copy(session.token, event.currentTarget));
  session.addEventListener("change", () => {
    drawWho(session);
    // What had the focus is hidden now.
    $(session.token ? "live" : "gate").focus({ preventScroll: true });
  });
  session.addEventListener("renewed", () => drawWho(session));
  drawWho(session);
}

/** The forms of `realtime/gate.html`. */
export function showLogin(session, logins) {
  $("demo").hidden = logins.length === 0;
  $("demo-users").replaceChildren(...logins.map((login) => demoButton(session, login)));
  $("login").addEventListener("submit", (event) => {
    event.preventDefault();
    const { username, password } = event.target.elements;
    attempt(event.target.querySelector("button"), password, () =>
      session.logIn(username.value, password.value),
    );
  });
  $("paste").addEventListener("submit", (event) => {
    event.preventDefault();
    const { token } = event.target.elements;
    attempt(event.target.querySelector("button"), token, () =>
      session.useToken(token.value.trim()),
    );
  });
}

function demoButton(session, login) {
  const button = el(
    "button",
    { class: "demo-user", type: "button" },
    el("span", { class: "avatar", "aria-hidden": "true", text: initials(login.name) }),
    el(
      "span",
      { class: "demo-name" },
      el("strong", { dir: "auto", text: login.name }),
      " ",
      el("span", { class: "muted", text: login.username }),
    ),
  );
  button.addEventListener("click", () =>
    attempt(button, button, () => session.logIn(login.username, login.password, login.name)),
  );
  return button;
}

/** Log in. An error is shown next to the button, and `field` gets the focus. */
async function attempt(button, field, act) {
  const errors = document.querySelectorAll("#gate .form-error");
  for (const error of errors) setText(error, "");
  button.disabled = true;
  let problem = "";
  try {
    await act();
    if (field !== button) field.value = "";
  } catch (error) {
    problem = error.message;
  }
  button.disabled = false;
  if (!problem) return;
  setText(
    [...errors].find((error) => error.parentElement.contains(button)),
    problem,
  );
  field.focus();
  if (field !== button) field.select();
}

async function attemptRenewal(renew, button) {
  button.disabled = true;
  try {
    await renew();
  } catch (error) {
    setText($("connection-says"), error.message);
  } finally {
    button.disabled = false;
  }
}

function drawWho(session) {
  document.documentElement.dataset.session = session.token ? "open" : "none";
  setText($("who-name"), session.name);
  setText($("who-initials"), initials(session.name));
  $("renew").disabled = !session.canRenew;
  const claims = session.claims || {};
  const time = (seconds) =>
    typeof seconds === "number" ? new Date(seconds * 1000).toLocaleTimeString("en-GB") : null;
  setFacts($("claims"), [
    ["User", session.userId],
    ["Kind", claims.token_type],
    ["Issuer", claims.iss],
    ["Audience", claims.aud],
    ["Issued", time(claims.iat)],
    ["Ends", time(claims.exp)],
    ["Id", claims.jti],
  ]);
}
