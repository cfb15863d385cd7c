// A name for this tab, as the client's option `device` takes it.

const KEY = "hoardrun.device";
const RELOAD_MS = 1000; // the page before a reload may still be on its way out

/**
 * Resolves to a name that survives the tab's reloads and that no other tab has. A tab that is a
 * copy of another begins with the other's storage, and gets a name of its own.
 */
export async function deviceName(prefix = "tab") {
  const known = sessionStorage.getItem(KEY);
  if (known?.startsWith(`${prefix}-`) && (await take(known))) return known;
  const random = crypto.getRandomValues(new Uint8Array(6));
  const name = `${prefix}-${Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
  sessionStorage.setItem(KEY, name);
  await take(name);
  return name;
}

/** Hold a lock of this name as long as the tab lives; false when another holds it. Without locks, trust the storage. */
function take(name) {
  if (!navigator.locks) return true;
  return new Promise((resolve) => {
    const held = () => {
      resolve(true);
      return new Promise(() => {});
    };
    navigator.locks
      .request(`hoardrun device ${name}`, { signal: AbortSignal.timeout(RELOAD_MS) }, held)
      .catch(() => resolve(false));
  });
}
