import { sql } from 'kysely';
import { member, read, type Site, visit } from '../site.js';

/** A registered member with their browser. */
export type Member = Awaited<ReturnType<typeof member>>;

/** Registers a member and makes them an admin. */
export async function admin(site: Site): Promise<Member> {
  const person = await member(site);
  await site.db.updateTable('users').set({ role: 'admin' }).where('id', '=', person.id).execute();
  return person;
}

/** Makes the last password of a person too old for what can't be undone. */
export async function forgetPassword(site: Site, { id }: Member): Promise<void> {
  await sql`update sessions set confirmed_at = now() - interval '11 minutes' where user_id = ${id}`.execute(
    site.db,
  );
}

/** Sends a form of an admin page. */
export const send = ({ browser }: Member, path: string, fields: Record<string, string> = {}) =>
  browser.post(`/admin${path}`).type('form').send(fields);

/** Reads an admin page. */
export async function open({ browser }: Member, path: string) {
  return read((await browser.get(`/admin${path}`).expect(200)).text);
}

/** The texts of elements, without double spaces. */
export const textsOf = ($: ReturnType<typeof read>, selector: string): string[] =>
  $(selector)
    .toArray()
    .map((element) => $(element).text().replace(/\s+/g, ' ').trim());

/** What the record says an admin did, newest first. */
export async function actsOf(site: Site, { id }: Member): Promise<{ kind: string; reason: string | null }[]> {
  return site.db
    .selectFrom('sessionEvents')
    .where('userId', '=', id)
    .where('kind', 'like', 'admin-%')
    .select(['kind', 'reason'])
    .orderBy('id', 'desc')
    .execute();
}

/** Logs in, and returns what the page says when that is refused. */
export async function logIn(site: Site, { username, password }: { username: string; password: string }) {
  const answer = await visit(site).post('/login').type('form').send({ username, password });
  return { status: answer.status, text: read(answer.text)('#login-error').text() };
}
