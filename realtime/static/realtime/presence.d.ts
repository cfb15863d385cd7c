import type { Client } from "./client.js";

/**
 * Keep `presence` of a client true to this page: `active` while it is visible and focused, and had
 * input within the last minute. `changed` is told whether the person is there, first at once.
 * Returns a function that ends it.
 */
export function followPresence(
  client: Pick<Client, "presence">,
  changed?: (isActive: boolean) => void,
): () => void;
