import { sql } from 'kysely';
import type { Page } from 'playwright-core';
import { pairOn, type Site, visit } from '../site.js';
import type { Links, People } from './people.js';

/** What everybody can open by its address. */
export const FOR_ALL = [
  '/',
  '/register',
  '/login',
  '/vote',
  '/top',
  '/topics',
  '/topics/animals/top',
  '/ranking',
  '/how',
  '/accessibility',
  '/guest',
  '/nowhere',
];

/** What somebody who is logged in can open by its address. */
export const FOR_MEMBERS = [
  '/vote',
  '/profile',
  '/profile/top',
  '/profile/votes',
  '/profile/links',
  '/profile/sessions',
  '/profile/password',
  '/profile/close',
];

/** The way to something that can be seen, from a window that has opened nothing yet. */
export type Way = (page: Page, world: World) => Promise<unknown>;

/** Where a way leads through. */
export interface World {
  site: Site;
  people: People;
  links: Links;
}

const at =
  (path: string): Way =>
  (page) =>
    page.goto(path);
const all = (paths: string[]): Record<string, Way> =>
  Object.fromEntries(paths.map((path) => [path, at(path)]));

/** Everything there is to see, by who sees it. */
export const visits: Record<'visitor' | keyof People, Record<string, Way>> = {
  visitor: {
    ...all(FOR_ALL),
    'a thing': (page, { site }) => openThing(page, site, 'Apple'),
    'a thing that surprises': (page, { site }) => openThing(page, site, 'Plum'),
    'a thing nobody was asked about': (page, { site }) => openThing(page, site, 'The only one'),
    'a thing that was taken down': (page, { site }) => openThing(page, site),
    'an empty topic': at('/topics/none/top'),
    'a topic with nothing to choose between': at('/topics/one/vote'),
    'a ranking with pages': at('/topics/many/ranking?page=2'),
    'a ranking with a row that was looked for': async (page) => {
      await page.goto('/top');
      await page.locator('.board a').nth(3).click();
      await page.getByRole('link', { name: 'In the full ranking' }).click();
    },
    'a search': at('/ranking?q=pi'),
    'a search that finds nothing': at('/ranking?q=nothing+like+it'),
    'a Top 20 that holds still': async (page) => {
      await page.goto('/top');
      await page.getByRole('button', { name: 'Pause updates' }).click();
    },
    'a Top 20 with rows that have just moved': async (page) => {
      await page.goto('/top');
      await page.locator('.board tbody tr').evaluateAll((rows) => {
        for (const row of rows) row.classList.add('moved');
      });
    },
    'a shared list': (page, { links }) => page.goto(links.open),
    'a shared list that has ended': (page, { links }) => page.goto(links.ended),
    'a vote that waits': (page) => vote(page),
    'a vote that waited and is taken back': async (page) => {
      await vote(page);
      await undo(page);
    },
    'the end of a small topic': async (page) => {
      await page.goto('/topics/two/vote');
      await page.locator('#choose-left').click();
      await page.getByRole('heading', { name: 'Those were today’s pairs for guests' }).waitFor();
    },
    'twenty votes that wait': async (page) => {
      await answerTwenty(page);
      await page.goto('/vote');
    },
    'the votes of a guest': async (page) => {
      await vote(page);
      await page.goto('/guest');
      await page.getByRole('button', { name: 'Delete my votes' }).waitFor();
    },
    'the front page with twenty votes that wait': async (page) => {
      await answerTwenty(page);
      await page.goto('/');
    },
    'a ballot that is refused': refused,
    'a form without an answer': unanswered,
    'an answer that does not come': lost,
    'a refusal beside the pair': async (page) => {
      await page.goto('/vote');
      await setBallot(page, 'x'.repeat(40_000));
      await page.locator('#choose-left').click();
      await page.locator('#notice').getByText('That was too much').waitFor();
    },
    'registering for what comes next': at('/register?next=%2Fprofile'),
    'registering with a wrong name and password': async (page) => {
      await page.goto('/register');
      await fillIn(page, '?', 'short', 'Register');
      await page.locator('#password-error').waitFor();
    },
    'a welcome': register,
    'logging in for what comes next': at('/login?next=%2Fprofile'),
    'logging in with a wrong password': async (page) => {
      await page.goto('/login');
      await fillIn(page, 'nobody', 'no such phrase', 'Log in');
      await page.locator('#login-error').waitFor();
    },
    'logging in after having been logged out elsewhere': async (page, { site }) => {
      const form = await register(page);
      const other = visit(site);
      await other.post('/login').type('form').send(form).expect(303);
      await other.post('/profile/sessions/end-others').expect(303);
      await page.goto('/profile');
      await page.getByText('was logged out from another').waitFor();
    },
    'being logged out': async (page) => {
      await register(page);
      await page.getByRole('banner').getByRole('button', { name: 'Log out' }).click();
      await page.getByText('You are logged out.').waitFor();
    },
    'too many log-ins (429)': async (page) => {
      await page.setExtraHTTPHeaders({ 'X-Forwarded-For': '203.0.113.9' });
      await page.goto('/login');
      await page.evaluate(async () => {
        for (let attempt = 0; attempt < 60; attempt++)
          await fetch('/login', {
            method: 'POST',
            body: new URLSearchParams({ username: 'nobody', password: 'x' }),
          });
      });
      await fillIn(page, 'nobody', 'no such phrase', 'Log in');
      await title(page, 'That was a little too often');
    },
    'a form that is none (400)': async (page) => {
      await page.goto('/login');
      await page.locator('form.stack').evaluate((form: HTMLFormElement) => {
        form.enctype = 'text/plain';
      });
      await fillIn(page, 'nobody', 'no such phrase', 'Log in');
      await title(page, 'That form could not be read');
    },
    'a form from another site (403)': async (page, { site }) => {
      const form = `<form method="post" action="${site.origin}/login"><button>Win a prize</button></form>`;
      await page.route('http://elsewhere.test/', (route) =>
        route.fulfill({ body: form, contentType: 'text/html' }),
      );
      await page.goto('http://elsewhere.test/');
      await page.getByRole('button').click();
      await title(page, 'This came from another site');
    },
    'an address for forms only (405)': at('/logout'),
    'a form that is too large (413)': async (page) => {
      await page.goto('/login');
      await fillIn(page, 'x'.repeat(40_000), 'no such phrase', 'Log in');
      await title(page, 'That was too much');
    },
  },
  newcomer: {
    ...all(FOR_MEMBERS),
    'the end of a small topic': async (page) => {
      await page.goto('/topics/two/vote');
      const end = page.getByRole('heading', { name: 'You have answered every pair' });
      if (await end.isVisible()) return;
      await page.locator('#choose-left').click();
      await end.waitFor();
    },
  },
  voter: {
    ...all(['/', ...FOR_MEMBERS]),
    'a vote': (page) => vote(page),
    'a vote that is taken back': async (page) => {
      await vote(page);
      await undo(page);
    },
    'a vote that was answered already': async (page) => {
      await vote(page);
      await page.goto(page.url().replace('voted=', 'answered='));
    },
    'a pair that was asked for': async (page) => {
      await page.goto('/top');
      await page.locator('#board th a').last().click();
      await page.getByRole('link', { name: /^Next pair with/ }).click();
      await page.locator('.receipt').getByText('Here is one with').waitFor();
    },
    'a vote on what was taken down': at('/vote?gone'),
    'a ballot that is refused': refused,
    'a form without an answer': unanswered,
    'an answer that does not come': lost,
    'the list of keys': async (page) => {
      await page.goto('/vote');
      await page.getByRole('button', { name: 'Keyboard shortcuts' }).click();
    },
    'one’s own list, all of it': async (page) => {
      await page.goto('/profile/top');
      for (const summary of await page.locator('summary').all()) await summary.click();
    },
    'a thing, all of it': async (page, { site }) => {
      await openThing(page, site, 'Sushi');
      await page.locator('summary').click();
    },
    'one’s own list of a topic without votes': at('/profile/topics/animals/top'),
    'older votes': async (page) => {
      await page.goto('/profile/votes');
      await page.getByRole('link', { name: 'Older votes' }).click();
    },
    'an answer to be changed': openChange,
    'a change without an answer': async (page) => {
      await openChange(page);
      await submitWithoutAnswer(page, 'form[action$="/change"]');
      await page.getByText('Nothing was changed yet').waitFor();
    },
    'a changed answer': async (page) => {
      await openChange(page);
      const [label] = await page.locator('.tag').allTextContents();
      await page.locator(label === 'so far' ? '#choose-left' : '#choose-tie').click();
      await page.getByRole('status').getByText('Changed').waitFor();
    },
    'an answer that is taken back from the history': async (page) => {
      await vote(page);
      await page.goto('/profile/votes');
      await page.locator('form[action$="/withdraw"] button').first().click();
      await page.getByText('Taken back. It no longer counts.').waitFor();
    },
    'an answer that can’t be changed (410)': async (page) => {
      await vote(page);
      const id = new URL(page.url()).searchParams.get('voted');
      await undo(page);
      await page.goto(`/profile/votes/${id}/change`);
      await title(page, 'You took that answer back');
    },
    'a link that was just made': async (page) => {
      await page.goto('/profile/top');
      await page.getByRole('button', { name: 'Make the link' }).click();
      await page.getByText('Here is your link.').waitFor();
    },
    'a shared list of one’s own': (page, { links }) => page.goto(links.open),
    'a shared list that has ended': (page, { links }) => page.goto(links.ended),
    'a wrong and a short password': async (page) => {
      await page.goto('/profile/password');
      await page.getByLabel('Current password', { exact: true }).fill('not this one');
      await page.getByLabel('New password', { exact: true }).fill('x');
      await submitAsItIs(page, 'Change it');
      await page.locator('#current-error').waitFor();
    },
    'closing the account without saying how': async (page) => {
      await page.goto('/profile/close');
      await submitAsItIs(page, 'Close my account');
      await page.getByText('Choose what is to become of your votes').waitFor();
    },
    'being asked for the password': confirm,
    'being asked for the password again': async (page, world) => {
      await confirm(page, world);
      await page.getByLabel('Password', { exact: true }).fill('not this one');
      await page.getByRole('button', { name: 'Confirm' }).click();
      await page.locator('#password-error').waitFor();
    },
    'a fault of the site (500)': async (page, { site }) => {
      await site.db.schema.alterTable('shares').renameTo('away').execute();
      await page.goto('/profile/links');
      await site.db.schema.alterTable('away').renameTo('shares').execute();
      await title(page, 'Something broke on our side');
    },
  },
  finisher: {
    '/profile': at('/profile'),
    '/profile/top': at('/profile/topics/fruit/top'),
    'having answered every pair': at('/topics/fruit/vote'),
  },
};

async function openThing(page: Page, site: Site, name?: string): Promise<void> {
  const { id } = await site.db
    .selectFrom('things')
    .where((eb) => (name ? eb('name', '=', name) : eb('retiredAt', 'is not', null)))
    .select('id')
    .executeTakeFirstOrThrow();
  await page.goto(`/things/${id}`);
}

async function vote(page: Page): Promise<void> {
  await page.goto('/vote');
  await page.locator('#choose-left').click();
  await page.locator('.receipt').getByText('you chose').waitFor();
}

async function undo(page: Page): Promise<void> {
  // As long as a person looks at a pair at the least before they press anything.
  await page.waitForTimeout(400);
  await page.locator('#undo').click();
  await page.locator('.receipt').getByText('Taken back').waitFor();
}

async function answerTwenty(page: Page): Promise<void> {
  let html = await (await page.request.get('/vote')).text();
  for (let pair = 0; pair < 20; pair++) {
    const form = { ballot: pairOn(html).ballot, choice: 'left' };
    const answer = await page.request.post('/vote', { form, headers: { 'Sec-Fetch-Site': 'same-origin' } });
    html = await answer.text();
  }
}

async function refused(page: Page): Promise<void> {
  await page.goto('/vote');
  await setBallot(page, 'not one of ours');
  await page.locator('#choose-left').click();
  await page.locator('.receipt').getByText('could not be read').waitFor();
}

async function setBallot(page: Page, ballot: string): Promise<void> {
  await page
    .locator('#pair [name=ballot]')
    .first()
    .evaluate((input: HTMLInputElement, value) => {
      input.value = value;
    }, ballot);
}

async function unanswered(page: Page): Promise<void> {
  await page.goto('/vote');
  await submitWithoutAnswer(page, '#pair form');
  await page.locator('.receipt').getByText('Choose one of the answers').waitFor();
}

async function submitWithoutAnswer(page: Page, form: string): Promise<void> {
  await page
    .locator(form)
    .first()
    .evaluate((form: HTMLFormElement) => form.submit());
}

async function lost(page: Page): Promise<void> {
  await page.goto('/vote');
  await page.context().setOffline(true);
  await page.locator('#choose-left').click();
  await page.locator('#notice').getByText('No answer came').waitFor();
}

async function fillIn(page: Page, name: string, password: string, button: string): Promise<void> {
  await page.getByLabel('Name').fill(name);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await submitAsItIs(page, button);
}

// The browser would say what is wrong itself, before anything is sent.
async function submitAsItIs(page: Page, button: string): Promise<void> {
  await page.locator('main form.stack').evaluate((form: HTMLFormElement) => {
    form.noValidate = true;
  });
  await page.locator('main').getByRole('button', { name: button, exact: true }).click();
}

let registered = 0;

async function register(page: Page): Promise<{ username: string; password: string }> {
  const form = { username: `registers-${++registered}`, password: 'a long enough phrase' };
  await page.goto('/register');
  await fillIn(page, form.username, form.password, 'Register');
  await page.getByText('Welcome.').waitFor();
  return form;
}

async function openChange(page: Page): Promise<void> {
  await page.goto('/profile/votes');
  await page.getByRole('link', { name: 'Change: ' }).first().click();
  await page.getByText('It counts until you choose').waitFor();
}

/** Does something for which the password is asked, because it was given long ago. */
async function confirm(page: Page, { site }: World): Promise<void> {
  await page.goto('/profile/sessions');
  await sql`update sessions set confirmed_at = now() - interval '11 minutes'`.execute(site.db);
  await page.getByRole('button', { name: 'Log out everywhere else' }).click();
  await title(page, 'Confirm that it is you');
}

async function title(page: Page, text: string): Promise<void> {
  await page.getByRole('heading', { level: 1, name: text }).waitFor();
}
