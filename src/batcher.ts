/**
 * Combines the lookups of one turn of the event loop into one statement. Under load most lookups are
 * combined, and a statement for fifty keys costs little more than one for a single key. A single lookup does
 * not wait for others.
 */
export class Batcher<Key, Value> {
  readonly #loadAll: (keys: Key[]) => Promise<Map<Key, Value>>;
  #lookups: { key: Key; resolve: (value: Promise<Value | undefined>) => void }[] = [];

  /** @param loadAll loads the values of many keys at once, and leaves out keys without a value */
  constructor(loadAll: (keys: Key[]) => Promise<Map<Key, Value>>) {
    this.#loadAll = loadAll;
  }

  /**
   * Loads the value of one key, with a statement that starts after this call.
   * @throws Error what `loadAll` throws for this key alone
   */
  load(key: Key): Promise<Value | undefined> {
    return new Promise((resolve) => {
      this.#lookups.push({ key, resolve });
      if (this.#lookups.length === 1) setImmediate(() => this.#send());
    });
  }

  #send(): void {
    const lookups = this.#lookups;
    this.#lookups = [];
    const values = this.#loadAll(lookups.map(({ key }) => key));
    for (const { key, resolve } of lookups) {
      // After a failure each key is loaded alone, so only the key that caused it fails.
      const ownValues = values.catch((error: unknown) => {
        if (lookups.length === 1) throw error;
        return this.#loadAll([key]);
      });
      resolve(ownValues.then((all) => all.get(key)));
    }
  }
}
