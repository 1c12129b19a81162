import { setTimeout as sleep } from 'node:timers/promises';
import { FIREFOX, read } from '../site.js';

const PASSWORD = 'a long enough phrase';
const GIVE_UP_AFTER_MS = 30_000;

let voters = 0;

interface Answer {
  status: number;
  location: string;
  text: string;
}

/**
 * A voter without JavaScript who votes as fast as the site allows. When a request gets no answer, or a 503,
 * the voter sends it again. Any other unexpected answer is an error.
 */
export class Voter {
  readonly name: string;
  /** The answers that the site has acknowledged, by the ids of their ballots. */
  readonly acknowledged = new Map<string, string>();
  /** The reason for each retry. */
  readonly retries: string[] = [];
  /** When the voter last got an answer, in milliseconds since 1970. */
  answeredAt = 0;
  readonly #origin: string;
  readonly #address = `10.9.0.${++voters}`;
  readonly #cookies = new Map<string, string>();

  /** @param origin of a site that trusts one proxy */
  constructor(origin: string, name: string) {
    this.#origin = origin;
    this.name = name;
  }

  /** Creates an account, which also logs in. */
  async register(): Promise<void> {
    const { name: username } = this;
    await this.#post(
      '/register',
      { username, password: PASSWORD },
      /^\/profile\/recovery-code\?next=%2Fvote$/,
    );
  }

  /** Logs in again. */
  async logIn(): Promise<void> {
    const { name: username } = this;
    await this.#post('/login', { username, password: PASSWORD }, /^\/vote$/);
  }

  /** Logs out and keeps the cookies, like an attacker who has copied them. */
  async logOut(): Promise<void> {
    const copied = [...this.#cookies];
    await this.#post('/logout', {}, /^\/$/);
    for (const [name, value] of copied) this.#cookies.set(name, value);
  }

  /** Tells whether the cookies still log the voter in. */
  async isKnown(): Promise<boolean> {
    const { status, text, location } = await this.#request('/profile');
    if (status === 303 && location.startsWith('/login')) return false;
    return status === 200 && this.#isLoggedInOn(text);
  }

  /** Votes until `over` is aborted. By then the site has acknowledged every vote that was sent. */
  async vote(path: string, over: AbortSignal): Promise<void> {
    let page = await this.#open(path);
    while (!over.aborted) {
      const [, ballot] = /name="ballot" value="([\w-]+\.[\w-]+)"/.exec(page) ?? [];
      if (!ballot) throw new Error(`${this.name} finds no pair on ${path}: ${mainTextOf(page)}`);
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
    const { status, location, text } = await this.#request(path);
    if (status !== 200 || !this.#isLoggedInOn(text))
      throw new Error(`${this.name} opened ${path}: ${status} ${location} ${mainTextOf(text)}`);
    return text;
  }

  async #post(path: string, fields: Record<string, string>, expected: RegExp): Promise<RegExpExecArray> {
    const { status, location, text } = await this.#request(path, fields);
    const match = expected.exec(location);
    if (status !== 303 || !match)
      throw new Error(`${this.name} posted to ${path}: ${status} ${location} ${mainTextOf(text)}`);
    return match;
  }

  async #request(path: string, fields?: Record<string, string>): Promise<Answer> {
    const startedAt = Date.now();
    for (;;) {
      const answer = await this.#send(path, fields);
      if (!(answer instanceof Error) && answer.status !== 503) {
        this.answeredAt = Date.now();
        return answer;
      }
      this.retries.push(`${path}: ${answer instanceof Error ? answer.cause : mainTextOf(answer.text)}`);
      if (Date.now() - startedAt > GIVE_UP_AFTER_MS) throw new Error(`${this.name} gave up on ${path}`);
      await sleep(50 + 200 * Math.random());
    }
  }

  /** @returns an error when the connection breaks */
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
        signal: AbortSignal.timeout(GIVE_UP_AFTER_MS),
      });
      const { status, headers } = answer;
      const text = await answer.text();
      for (const cookie of headers.getSetCookie()) this.#storeCookie(cookie);
      return { status, location: headers.get('location') ?? '', text };
    } catch (error) {
      return error as Error;
    }
  }

  #storeCookie(cookie: string): void {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
    if (value) this.#cookies.set(name, value);
    else this.#cookies.delete(name);
  }

  #isLoggedInOn(page: string): boolean {
    return page.includes(`<bdi class="who">${this.name}</bdi>`);
  }
}

function pick<Item>(items: [Item, ...Item[]]): Item {
  return items[Math.floor(Math.random() * items.length)] ?? items[0];
}

const mainTextOf = (page: string): string => read(page)('main').text().replace(/\s+/g, ' ');
