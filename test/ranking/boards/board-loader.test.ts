import { expect, it } from 'vitest';
import { Boards } from '../../../src/ranking/boards/board-loader.js';
import { topic, useSite } from '../../site.js';

const site = useSite();

it('shows every change that was made before the call, also while an earlier load is under way', async () => {
  for (let number = 0; number < 20; number++)
    await topic(site, { slug: `topic-${number}`, names: ['Tea', 'Pie'] });
  const boards = new Boards(site.db);
  const first = boards.refresh();
  await site.db.updateTable('topics').set({ title: 'Renamed' }).where('slug', '=', 'topic-0').execute();
  await Promise.all([boards.refresh(), boards.refresh()]);
  expect(boards.get('topic-0')?.topic.title).toBe('Renamed');
  await first;
  expect(boards.get('topic-0')?.topic.title).toBe('Renamed');
});
