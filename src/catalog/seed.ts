import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { root } from '../config.js';
import type { Database } from '../database.js';
import { type ImportedThings, importThings } from './import-things.js';
import type { TopicFields } from './topics.js';

const TOPICS: TopicFields[] = [
  { slug: 'foods' },
  { slug: 'animals', title: 'Animals', question: 'Which one delights you more?' },
  { slug: 'places', title: 'Places to be', question: 'Where would you rather be?' },
  { slug: 'inventions', title: 'Inventions', question: 'Which is harder to live without?' },
  { slug: 'joys', title: 'Everyday joys', question: 'Which joy is greater?' },
];

/**
 * Fills the site with five topics of about forty things each. A later run changes only what was edited since.
 * @param onTopic is called after each topic
 */
export async function seed(
  db: Database,
  onTopic: (imported: ImportedThings) => void = () => undefined,
): Promise<void> {
  for (const topic of TOPICS) {
    const file = join(root, 'src/catalog/seed', `${topic.slug}.csv`);
    onTopic(await importThings(db, createReadStream(file), topic));
  }
}
