import { type Browser, member, read, type Site } from '../site.js';

/** A topic that a member has made by the form, and the browser of its owner. */
export interface MadeTopic {
  owner: Awaited<ReturnType<typeof member>>;
  browser: Browser;
  /** The start of the pages of its organisers. */
  manage: string;
  id: number;
  slug: string;
}

/** Makes a topic as a new member. */
export async function makeTopic(
  site: Site,
  { things = 'Tea\nPie\nJam', access = 'link', title = 'Lunch' } = {},
): Promise<MadeTopic> {
  const owner = await member(site);
  const form = { title, question: 'Which one?', access, things, action: 'create' };
  const { headers } = await owner.browser.post('/topics/new').type('form').send(form).expect(303);
  const manage = String(headers.location);
  const slug = manage.split('/')[2] ?? '';
  const { id } = await site.db
    .selectFrom('topics')
    .where('slug', '=', slug)
    .select('id')
    .executeTakeFirstOrThrow();
  return { owner, browser: owner.browser, manage, slug, id };
}

/** The id of a thing by its name. */
export async function thingId(site: Site, { id }: MadeTopic, name: string): Promise<number> {
  const thing = await site.db
    .selectFrom('things')
    .where('topicId', '=', id)
    .where('name', '=', name)
    .select('id')
    .executeTakeFirstOrThrow();
  return thing.id;
}

/** The kinds of events of a topic, oldest first. */
export async function eventsOf(site: Site, { id }: MadeTopic): Promise<string[]> {
  const events = await site.db
    .selectFrom('topicEvents')
    .where('topicId', '=', id)
    .orderBy('id')
    .select('kind')
    .execute();
  return events.map(({ kind }) => kind);
}

/** The message that the next page shows. */
export async function flashOn(browser: Browser, path: string): Promise<string> {
  return read((await browser.get(path).expect(200)).text)('.flash')
    .text()
    .trim();
}
