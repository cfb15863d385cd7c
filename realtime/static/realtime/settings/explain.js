// Why something did not work, in the words of the page.

import { sentence } from "../words.js";

/**
 * Say it in the words for its code or its field; else as the server says it.
 *
 * @param {any} error of the client, or of what else was attempted
 */
export function explain(error, words) {
  const { status, problem = {}, message } = error;
  const known = words.errors[status === 412 ? "version_changed" : problem.code];
  if (known) return typeof known === "function" ? known(problem) : known;
  const [field, [reason] = [""]] = Object.entries(problem.errors ?? {})[0] ?? [""];
  const said = words.invalid[field.split(".").at(-1)];
  if (said) return said;
  if (status === undefined) return words.errors.offline;
  return sentence(reason || message);
}
