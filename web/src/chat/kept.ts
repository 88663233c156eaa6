/** A shelf in this browser: what must outlast a reload and is too large for a string. */

const SHELF = "things";

export class Kept<Thing> {
  readonly #name: string;
  readonly #opened: Promise<IDBDatabase>;

  constructor(name: string) {
    this.#name = name;
    this.#opened = new Promise((resolve, reject) => {
      const asked = indexedDB.open(name, 1);
      asked.onupgradeneeded = () => asked.result.createObjectStore(SHELF);
      asked.onsuccess = () => resolve(asked.result);
      asked.onerror = () => reject(asked.error ?? new Error("this browser keeps nothing"));
    });
  }

  put(key: string, thing: Thing): Promise<unknown> {
    return this.#on("readwrite", (shelf) => shelf.put(thing, key));
  }

  drop(key: string): Promise<unknown> {
    return this.#on("readwrite", (shelf) => shelf.delete(key));
  }

  all(): Promise<Thing[]> {
    return this.#on<Thing[]>("readonly", (shelf) => shelf.getAll());
  }

  /** Take the shelf down, with what is on it. */
  async takeDown(): Promise<void> {
    (await this.#opened).close();
    await new Promise((done) => {
      const asked = indexedDB.deleteDatabase(this.#name);
      asked.onsuccess = asked.onerror = asked.onblocked = done;
    });
  }

  async #on<Answer>(
    mode: IDBTransactionMode,
    act: (shelf: IDBObjectStore) => IDBRequest<Answer>,
  ): Promise<Answer> {
    const database = await this.#opened;
    return new Promise((resolve, reject) => {
      const asked = act(database.transaction(SHELF, mode).objectStore(SHELF));
      asked.onsuccess = () => resolve(asked.result);
      asked.onerror = () => reject(asked.error ?? new Error("this browser keeps nothing"));
    });
  }
}
