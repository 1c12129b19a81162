/**
 * Asks together for what is asked for in the same turn of the event loop. Under load that is most of it, and a statement
 * for fifty costs little more than one for one; a question that comes alone waits for nothing.
 */
export class Batcher<Key, Answer> {
  readonly #askAll: (keys: Key[]) => Promise<Map<Key, Answer>>;
  #questions: { key: Key; resolve: (answer: Promise<Answer | undefined>) => void }[] = [];

  /** @param askAll answers many questions at once; it leaves out what it has no answer to */
  constructor(askAll: (keys: Key[]) => Promise<Map<Key, Answer>>) {
    this.#askAll = askAll;
  }

  /**
   * The answer to one question, from a statement that begins after it was asked.
   * @throws Error what `askAll` throws for this question alone
   */
  ask(key: Key): Promise<Answer | undefined> {
    return new Promise((resolve) => {
      this.#questions.push({ key, resolve });
      if (this.#questions.length === 1) setImmediate(() => this.#send());
    });
  }

  #send(): void {
    const questions = this.#questions;
    this.#questions = [];
    const answers = this.#askAll(questions.map(({ key }) => key));
    for (const { key, resolve } of questions) {
      // What fails together is asked again one by one, so that nobody pays for somebody else's question.
      const own = answers.catch((error: unknown) => {
        if (questions.length === 1) throw error;
        return this.#askAll([key]);
      });
      resolve(own.then((all) => all.get(key)));
    }
  }
}
