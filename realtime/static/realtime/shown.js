// What a page shows of notifications outside of the bell's panel, such as in toasts.

/**
 * One is seen if the person is at the page while it is shown: `mark` is called then, once. A toast
 * in a page that is hidden or that nobody is at tells nothing.
 */
export class Shown {
  #mark;
  #ids = new Set();
  #isWatched = false;

  constructor(mark) {
    this.#mark = mark;
  }

  /** Begin to show one. Returns a function to call when it is no longer shown. */
  shows(note) {
    if (note.stored !== false) this.#ids.add(note.id);
    this.#see();
    return () => void this.#ids.delete(note.id);
  }

  /** Say whether the person is at the page. */
  watched(isActive) {
    this.#isWatched = isActive;
    this.#see();
  }

  #see() {
    if (!this.#isWatched) return;
    for (const id of this.#ids) Promise.resolve(this.#mark(id)).catch(() => {}); // it stays unseen
    this.#ids.clear();
  }
}
