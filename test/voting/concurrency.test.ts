import { expect, it } from 'vitest';
import { signBallot } from '../../src/voting/ballot.js';
import { member, thingNames, topic, useSite } from '../site.js';

const site = useSite();

it('counts 300 simultaneous votes on ten things, each once and without an error', async () => {
  await topic(site, { names: thingNames(10) });
  const things = await site.db.selectFrom('things').select(['id', 'topicId']).orderBy('id').execute();
  const pairs = things.flatMap((left, index) => things.slice(index + 1).map((right) => ({ left, right })));
  const ballots = [];
  for (let members = 0; members < 10; members++) {
    const { browser, id } = await member(site);
    for (const { left, right } of pairs.slice(0, 30)) {
      const offer = {
        topicId: left.topicId,
        leftId: left.id,
        rightId: right.id,
        voterId: id,
        isGuest: false,
        strategy: 'explore' as const,
      };
      ballots.push({ browser, ballot: signBallot(offer, site.config.secrets[0]) });
    }
  }
  const answers = await Promise.all(
    ballots.map(({ browser, ballot }) => browser.post('/vote').type('form').send({ ballot, choice: 'left' })),
  );
  expect(answers.map(({ status }) => status)).toEqual(ballots.map(() => 303));
  const { votes } = await site.db
    .selectFrom('votes')
    .select(({ fn }) => fn.countAll<number>().as('votes'))
    .executeTakeFirstOrThrow();
  expect(votes).toBe(300);
  await site.rank();
  expect(site.boards.default().votes).toBe(300);
});
