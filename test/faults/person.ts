import { setTimeout as sleep } from 'node:timers/promises';
import { FIREFOX, read } from '../site.js';

const PASSWORD = 'a long enough phrase';
const GIVES_UP_AFTER_MS = 30_000;

let people = 0;

interface Answer {
  status: number;
  location: string;
  text: string;
}

/**
 * Somebody who votes as fast as the site lets them, without JavaScript. When there is no answer, or one that says to
 * try again, they press the same button once more. Whatever else should not happen is an error.
 */
export class Person {
  readonly name: string;
  /** What the site has said that it has: their answer by the id of its ballot. */
  readonly acknowledged = new Map<string, string>();
  /** Why they had to press once more, each time. */
  readonly unanswered: string[] = [];
  /** When they last had an answer, in milliseconds since 1970. */
  answeredAt = 0;
  readonly #origin: string;
  readonly #address = `10.9.0.${++people}`;
  readonly #cookies = new Map<string, string>();

  /** @param origin of a site that believes one proxy */
  constructor(origin: string, name: string) {
    this.#origin = origin;
    this.name = name;
  }

  /** Makes an account, which logs them in. */
  async register(): Promise<void> {
    const { name: username } = this;
    await this.#post('/register', { username, password: PASSWORD }, /^\/vote$/);
  }

  /** Logs in anew. */
  async logIn(): Promise<void> {
    const { name: username } = this;
    await this.#post('/login', { username, password: PASSWORD }, /^\/vote$/);
  }

  /** Logs out and keeps the cookies, as somebody would who has copied them. */
  async logOut(): Promise<void> {
    const before = [...this.#cookies];
    await this.#post('/logout', {}, /^\/$/);
    for (const [name, value] of before) this.#cookies.set(name, value);
  }

  /** Whether the site knows them by their cookies. */
  async isKnown(): Promise<boolean> {
    const { status, text, location } = await this.#press('/profile');
    if (status === 303 && location.startsWith('/login')) return false;
    return status === 200 && this.#isOn(text);
  }

  /** Votes until it is over; whatever was sent is acknowledged then. */
  async vote(path: string, over: AbortSignal): Promise<void> {
    let page = await this.#open(path);
    while (!over.aborted) {
      const [, ballot] = /name="ballot" value="([\w-]+\.[\w-]+)"/.exec(page) ?? [];
      if (!ballot) throw new Error(`${this.name} finds no pair on ${path}: ${mainOf(page)}`);
      const choice = pick(['left', 'left', 'right', 'right', 'tie', 'skip']);
      let [location, id = ''] = await this.#post(path, { ballot, choice }, /^.*\?voted=([\w-]+)$/);
      if (this.acknowledged.has(id)) throw new Error(`${this.name} was shown ${id} as the vote just cast`);
      this.acknowledged.set(id, choice);
      if (Math.random() < 1 / 50) {
        [location] = await this.#post('/vote/undo', { ballot: id }, new RegExp(`^.*\\?undone=${id}$`));
        this.acknowledged.set(id, `${choice}, undone`);
      }
      page = await this.#open(location);
    }
  }

  async #open(path: string): Promise<string> {
    const { status, location, text } = await this.#press(path);
    if (status !== 200 || !this.#isOn(text))
      throw new Error(`${this.name} opened ${path}: ${status} ${location} ${mainOf(text)}`);
    return text;
  }

  async #post(path: string, fields: Record<string, string>, expected: RegExp): Promise<RegExpExecArray> {
    const { status, location, text } = await this.#press(path, fields);
    const match = expected.exec(location);
    if (status !== 303 || !match)
      throw new Error(`${this.name} posted to ${path}: ${status} ${location} ${mainOf(text)}`);
    return match;
  }

  async #press(path: string, fields?: Record<string, string>): Promise<Answer> {
    const began = Date.now();
    for (;;) {
      const answer = await this.#send(path, fields);
      if (!(answer instanceof Error) && answer.status !== 503) {
        this.answeredAt = Date.now();
        return answer;
      }
      this.unanswered.push(`${path}: ${answer instanceof Error ? answer.cause : mainOf(answer.text)}`);
      if (Date.now() - began > GIVES_UP_AFTER_MS) throw new Error(`${this.name} gave up on ${path}`);
      await sleep(50 + 200 * Math.random());
    }
  }

  /** @returns an error when the connection broke */
  async #send(path: string, fields?: Record<string, string>): Promise<Answer | Error> {
    try {
      const answer = await fetch(this.#origin + path, {
        method: fields ? 'POST' : 'GET',
        redirect: 'manual',
        ...(fields && { body: new URLSearchParams(fields) }),
        headers: {
          'User-Agent': FIREFOX,
          'Sec-Fetch-Site': 'same-origin',
          'X-Forwarded-For': this.#address,
          Cookie: [...this.#cookies].map((cookie) => cookie.join('=')).join('; '),
        },
        signal: AbortSignal.timeout(GIVES_UP_AFTER_MS),
      });
      const { status, headers } = answer;
      const text = await answer.text();
      for (const cookie of headers.getSetCookie()) this.#keep(cookie);
      return { status, location: headers.get('location') ?? '', text };
    } catch (error) {
      return error as Error;
    }
  }

  #keep(cookie: string): void {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
    if (value) this.#cookies.set(name, value);
    else this.#cookies.delete(name);
  }

  #isOn(page: string): boolean {
    return page.includes(`>${this.name}</a>`);
  }
}

function pick<One>(all: [One, ...One[]]): One {
  return all[Math.floor(Math.random() * all.length)] ?? all[0];
}

const mainOf = (page: string): string => read(page)('main').text().replace(/\s+/g, ' ');
