import { setTimeout as sleep } from 'node:timers/promises';
import { FIREFOX, read } from '../site.js';

const PASSWORD = 'a long enough phrase';
const GIVE_UP_AFTER_MS = 30_000;
const MEAN_PAUSE_MS = 400;
// No status of HTTP.
const GAVE_UP = 0;

let voters = 0;

interface Answer {
  status: number;
  location: string;
  text: string;
}

/** One request. Times are those of `performance.now`. */
export interface Attempt {
  startedAt: number;
  /** Undefined while the voter waits. */
  endedAt?: number;
  /** False when the connection broke, or the answer was 503. */
  isAnswered?: boolean;
}

/**
 * A voter without JavaScript who votes about twice a second. When a request gets no answer, or a 503, the voter
 * sends it again. A voter may also lose patience with a vote, and open the page again instead. Any other
 * unexpected answer is an error.
 */
export class Voter {
  readonly name: string;
  /** The answers that the site has acknowledged, by the ids of their ballots. */
  readonly acknowledged = new Map<string, string>();
  /** The answers that the voter sent without learning whether they count, by the ids of their ballots. */
  readonly unknown = new Map<string, string>();
  /** The reason for each retry. */
  readonly retries: string[] = [];
  readonly attempts: Attempt[] = [];
  readonly #origin: string;
  readonly #address = `10.9.0.${++voters % 256}`;
  #cookies = new Map<string, string>();
  #isCopy = false;

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

  async logOut(): Promise<void> {
    await this.#post('/logout', {}, /^\/$/);
  }

  /** Returns an attacker with copies of the cookies that the voter has now. They never change. */
  copy(): Voter {
    const copy = new Voter(this.#origin, this.name);
    copy.#cookies = new Map(this.#cookies);
    copy.#isCopy = true;
    return copy;
  }

  /** Tells whether the cookies log somebody in. */
  async isKnown(): Promise<boolean> {
    const { status, text, location } = await this.#request('/profile');
    if (status === 303 && location.startsWith('/login')) return false;
    return status === 200 && this.#isLoggedInOn(text);
  }

  /** Votes until `over` is aborted. By then the site has acknowledged every vote that was not given up. */
  async vote(path: string, over: AbortSignal): Promise<void> {
    let page = await this.#open(path);
    while (!over.aborted) {
      await sleep(MEAN_PAUSE_MS * (0.5 + Math.random()));
      const [, ballot] = /name="ballot" value="([\w-]+\.[\w-]+)"/.exec(page) ?? [];
      if (!ballot) throw new Error(`${this.name} finds no pair on ${path}: ${mainTextOf(page)}`);
      page = await this.#open((await this.#cast(path, ballot)) ?? path);
    }
  }

  /** @returns where the site leads; undefined when the voter lost patience */
  async #cast(path: string, ballot: string): Promise<string | undefined> {
    const choice = pick(['left', 'left', 'right', 'right', 'tie', 'skip']);
    const { status, location, text } = await this.#request(path, { ballot, choice }, 1 / 4);
    if (status === GAVE_UP) {
      this.unknown.set(idOf(ballot), choice);
      return undefined;
    }
    const [, kind, id = ''] = /\?(voted|answered)=([\w-]+)$/.exec(location) ?? [];
    if (status !== 303 || !kind)
      throw new Error(`${this.name} voted on ${path}: ${status} ${location} ${mainTextOf(text)}`);
    // The pair was answered by a vote whose answer the voter never got.
    const earlier = this.unknown.get(id);
    if (this.acknowledged.has(id) || (kind === 'answered') !== (earlier !== undefined))
      throw new Error(`${this.name} was shown ${id} as the vote just cast`);
    this.acknowledged.set(id, earlier ?? choice);
    this.unknown.delete(id);
    if (Math.random() > 1 / 50) return location;
    const [undone] = await this.#post('/vote/undo', { ballot: id }, new RegExp(`^.*\\?undone=${id}$`));
    this.acknowledged.set(id, `${earlier ?? choice}, undone`);
    return undone;
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

  /** @param impatience how probable it is that the voter gives up after a failed try */
  async #request(path: string, fields?: Record<string, string>, impatience = 0): Promise<Answer> {
    const startedAt = performance.now();
    for (;;) {
      const attempt: Attempt = { startedAt: performance.now() };
      this.attempts.push(attempt);
      const answer = await this.#send(path, fields);
      attempt.endedAt = performance.now();
      attempt.isAnswered = !(answer instanceof Error) && answer.status !== 503;
      if (!(answer instanceof Error) && answer.status !== 503) return answer;
      this.retries.push(`${path}: ${answer instanceof Error ? answer.cause : mainTextOf(answer.text)}`);
      if (Math.random() < impatience) return { status: GAVE_UP, location: '', text: '' };
      if (attempt.endedAt - startedAt > GIVE_UP_AFTER_MS) throw new Error(`${this.name} gave up on ${path}`);
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
    if (this.#isCopy) return;
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

// A ballot is data and a signature; the data begin with its id.
const idOf = (ballot: string): string =>
  JSON.parse(Buffer.from(ballot.split('.')[0] ?? '', 'base64url').toString())[0];

const mainTextOf = (page: string): string => read(page)('main').text().replace(/\s+/g, ' ');
