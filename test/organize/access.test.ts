import { describe, expect, it } from 'vitest';
import { createTopic } from '../../src/catalog/create-topic.js';
import { setRole } from '../../src/catalog/topic-roles.js';
import { member, read, useSite, visit } from '../site.js';

const site = useSite();

describe('the pages of organisers', () => {
  it('are for those who have a role, and ask visitors to log in', async () => {
    const [owner, viewer, stranger] = [await member(site), await member(site), await member(site)];
    const topic = await site.db.transaction().execute(async (trx) => {
      const made = await createTopic(trx, {
        ...{ title: 'Lunch', question: 'Which one?', access: 'link', ownerId: owner.id },
      });
      await setRole(trx, { topicId: made.id, userId: viewer.id, role: 'viewer' });
      return made;
    });
    const hub = `/topics/${topic.slug}/manage`;
    expect(read((await owner.browser.get(hub).expect(200)).text)('h1').text()).toBe('Lunch');
    await viewer.browser.get(hub).expect(200);
    await stranger.browser.get(hub).expect(404);
    await visit(site).get(hub).expect(303);
  });
});
