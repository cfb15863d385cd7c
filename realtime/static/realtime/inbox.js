// A user's notifications, not drawn: items, counts, pages, and the actions on them.

const PATH = "/api/v1/notifications";
const PAGES_AT_ONCE = 5; // a page may hold nothing but what is archived

/**
 * Emits `change` whenever something looks different, and `arrived` (detail: the notification, also
 * one that is an event only and not in the inbox: its `stored` is false).
 * `counts` are the server's word, never counted from what is loaded. Its methods reject with
 * ApiError; what they did shows when the server says so, in this tab as in all others.
 */
export class Inbox extends EventTarget {
  counts = { unread: 0, unseen: 0 };
  isLoading = false;
  hasMore = true;
  isLoaded = false;
  categories = null; // those that there are, once `overview` has asked

  #client;
  #pageSize;
  #items = new Map();
  #unreadOnly = false;
  #category = "";
  #categoryByKind = {}; // as `overview` was told
  #late = new Map(); // states that came while a page was on its way
  #cursor = "";
  #run = 0;
  #user = 0;
  #ends;

  constructor(client, { pageSize = 20 } = {}) {
    super();
    this.#client = /** @type {import("./client.js").Client} */ (client);
    this.#pageSize = pageSize;
    if (client.counts) this.#counted(client.counts); // said before we listened
    this.#ends = [
      client.on("notification", (note) => this.#arrived(note)),
      client.on("notification_updated", ({ notifications }) => this.#updated(notifications)),
      client.on("notification_counts", (counts) => this.#counted(counts)),
      client.on("resync", ({ snapshot }) => this.#restarted(snapshot)),
      client.on("reset", () => this.#forget()),
    ];
  }

  /** Stop listening to the client. */
  close() {
    for (const end of this.#ends) end();
    this.#run++;
    this.#user++;
  }

  /** What is loaded, not archived and not snoozed: first what is pinned, then the newest. */
  get items() {
    return [...this.#items.values()]
      .filter(
        (note) =>
          !note.snoozed_until &&
          (!this.#category || this.#categoryOf(note) === this.#category) &&
          (note.status === "unread" || (note.status === "read" && !this.#unreadOnly)),
      )
      .sort(
        (a, b) =>
          Number(Boolean(b.pinned_at)) - Number(Boolean(a.pinned_at)) ||
          String(b.created_at).localeCompare(String(a.created_at)) ||
          String(b.id).localeCompare(String(a.id), "en", { numeric: true }),
      );
  }

  get unreadOnly() {
    return this.#unreadOnly;
  }

  set unreadOnly(on) {
    if (on === this.#unreadOnly) return;
    this.#unreadOnly = on;
    if (this.isLoaded) this.load().catch(reportError);
  }

  get category() {
    return this.#category;
  }

  /** Show one category only; "" is all. */
  set category(name) {
    if (name === this.#category) return;
    this.#category = name;
    if (this.isLoaded) this.load().catch(reportError);
  }

  /** Ask which categories there are, and for what is pinned, however old it is. */
  async overview() {
    const user = this.#user;
    const [{ by_category, category_by_kind }, { results }] = await Promise.all([
      this.#client.api("GET", `${PATH}/summary`),
      this.#client.api("GET", `${PATH}?pinned=true&page_size=100`),
    ]);
    if (user !== this.#user) return;
    this.categories = Object.keys(by_category);
    this.#categoryByKind = category_by_kind;
    // What the socket has said meanwhile is newer.
    for (const note of results) if (!this.#items.has(note.id)) this.#items.set(note.id, note);
    this.#changed();
  }

  /** Load the first page, anew. */
  load() {
    this.isLoaded = true;
    this.#cursor = "";
    this.hasMore = true;
    return this.#read(++this.#run, 1);
  }

  /** Load the next page. */
  async more() {
    if (this.hasMore && !this.isLoading) await this.#read(this.#run, this.items.length + 1);
  }

  async #read(run, wanted) {
    this.isLoading = true;
    this.#late.clear();
    this.#changed();
    try {
      for (let page = 0; page < PAGES_AT_ONCE && this.hasMore; page++) {
        const answer = await this.#client.api("GET", `${PATH}?${this.#query()}`);
        if (run !== this.#run) return;
        // What the socket said meanwhile is newer than the page.
        for (const note of answer.results)
          if (!this.#items.has(note.id))
            this.#items.set(note.id, { ...note, ...this.#late.get(note.id) });
        this.#cursor = answer.next ? new URL(answer.next).searchParams.get("cursor") : "";
        this.hasMore = Boolean(this.#cursor);
        if (this.items.length >= wanted) return;
      }
    } finally {
      if (run === this.#run) this.isLoading = false;
      this.#changed();
    }
  }

  #query() {
    const query = new URLSearchParams({ page_size: this.#pageSize });
    if (this.#category) query.set("category", this.#category);
    if (this.#unreadOnly) query.set("unread_only", "true");
    if (this.#cursor) query.set("cursor", this.#cursor);
    return query;
  }

  // -- actions

  markRead(id) {
    return this.#act(id, "read");
  }

  markUnread(id) {
    return this.#act(id, "unread");
  }

  archive(id) {
    return this.#act(id, "archive");
  }

  /** Take an unread one out of sight until a time. */
  snooze(id, until) {
    return this.#act(id, "snooze", { until: until.toISOString() });
  }

  pin(id) {
    return this.#act(id, "pin");
  }

  unpin(id) {
    return this.#act(id, "unpin");
  }

  /** Say that one has been shown. */
  markSeen(id) {
    return this.#act(id, "seen");
  }

  markAllRead() {
    return this.#client.api("POST", `${PATH}/mark-all-read`);
  }

  /** Say that the bell has been looked at; what is unread stays so. */
  async markAllSeen() {
    if (this.counts.unseen) await this.#client.api("POST", `${PATH}/mark-all-seen`);
  }

  async #act(id, verb, body) {
    const path = `${PATH}/${encodeURIComponent(id)}/${verb}`;
    this.#updated([await this.#client.api("POST", path, body)]);
  }

  // -- what the server says

  #arrived(note) {
    if (note.stored !== false) {
      this.#items.set(note.id, note);
      if (this.categories) this.#sort(note);
      this.#changed();
    }
    this.dispatchEvent(new CustomEvent("arrived", { detail: note }));
  }

  /** Offer the category of what came. That of a kind which is new here is the server's to say. */
  #sort(note) {
    const kind = kindOf(note);
    const category = this.#categoryOf(note);
    if (!(kind in this.#categoryByKind)) {
      this.#categoryByKind = { ...this.#categoryByKind, [kind]: category }; // until it has said so
      this.overview().catch(reportError);
    } else if (!this.categories.includes(category)) {
      this.categories = [...this.categories, category];
    }
  }

  #categoryOf(note) {
    return this.#categoryByKind[kindOf(note)] ?? note.type;
  }

  #updated(states) {
    for (const { notification, deleted, ...state } of states) {
      const known = this.#items.get(state.id);
      if (this.isLoading)
        this.#late.set(state.id, { ...this.#late.get(state.id), ...notification, ...state });
      if (deleted) this.#items.delete(state.id);
      else if (known || notification)
        this.#items.set(state.id, { ...known, ...notification, ...state });
    }
    this.#changed();
  }

  #counted({ unread, unseen }) {
    this.counts = { unread, unseen };
    this.#changed();
  }

  #restarted({ counts, notifications = [] }) {
    this.#items = new Map(notifications.map((note) => [note.id, note]));
    if (counts) this.#counted(counts);
    if (this.isLoaded) this.load().catch(reportError);
    if (this.categories) this.overview().catch(reportError);
  }

  /** The client forgets its user, and so does this. */
  #forget() {
    this.#run++;
    this.#user++;
    this.#items.clear();
    this.#category = "";
    this.categories = null;
    this.#categoryByKind = {};
    this.isLoaded = this.isLoading = false;
    this.#counted({ unread: 0, unseen: 0 });
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}

/** What happened; older servers name no kind where the sender wrote the text. */
const kindOf = ({ kind, type }) => kind || `${type}.general`;
