import { sql } from 'kysely';
import type { Page } from 'playwright-core';
import { makeClaim } from '../../src/admin/settings/claim.js';
import { picture, SVG, topicOf } from '../organize/picture-corpus.js';
import { pairOn, type Site, visit } from '../site.js';
import type { Links, Members, Topics } from './fixtures.js';

/** The paths that everyone can open. */
export const PUBLIC_PATHS = [
  '/',
  '/register',
  '/login',
  '/recover',
  '/vote',
  '/top',
  '/topics',
  '/topics/animals/top',
  '/ranking',
  '/how',
  '/accessibility',
  '/privacy',
  '/offline',
  '/guest',
  '/nowhere',
];

/** The paths for logged-in members. */
export const MEMBER_PATHS = [
  '/vote',
  '/profile',
  '/profile/top',
  '/profile/votes',
  '/profile/links',
  '/profile/sessions',
  '/profile/password',
  '/profile/recovery-code',
  '/profile/passkeys',
  '/profile/name',
  '/profile/close',
];

/** The pages of a topic for those who run it. */
const MANAGE_PAGES = [
  ...['', '/things', '/things/new', '/pictures', '/voters', '/results', '/settings'],
  ...['/people', '/activity', '/copy', '/delete', '/review', '/judges', '/judges/without', '/notes'],
];

/** The pages for admins. */
const ADMIN_PATHS = [
  ...[
    '',
    '/people',
    '/people/invitations',
    '/topics',
    '/review',
    '/stuffing',
    '/activity',
    '/settings',
    '/health',
  ],
].map((page) => `/admin${page}`);

/** The GET routes that answer without a page of their own, and what they answer. */
export const ROUTES_WITHOUT_PAGE: Record<string, string> = {
  '/\\.\\w+$/': 'the files in public',
  '/^\\/pictures\\/([0-9a-f]{64})-([1-9]\\d{0,4})\\.webp$/': 'an uploaded picture',
  '/^\\/colors\\/([0-9a-f]{6})-([0-9a-f]{6})\\.css$/': 'a style sheet',
  '/manifest.webmanifest': 'the manifest of the installed app',
  '/healthz': 'text',
  '/readyz': 'text',
  '/topics/:slug': 'redirects to the Top 20',
  '/offer,/topics/:slug/offer': 'a pair for a ranking without votes',
  '/topics/:slug/data.json': 'a file to download',
  '/topics/:slug/manage/voters/links.csv': 'a file to download',
  '/topics/:slug/manage/notes.csv': 'a file to download',
  '/topics/:slug/manage/results.csv': 'a file to download',
  '/topics/:slug/manage/results.json': 'a file to download',
  '/shared/:token.png': 'a picture',
  '/profile/export': 'a file to download',
  '/profile/sessions/current': 'nothing: only its status counts',
  '/api/topics': 'JSON',
  '/api/top,/api/topics/:slug/top': 'JSON',
  '/api/me': 'JSON',
};

/** Pages for the frames of other sites and for large screens, without header and footer. */
export const BARE_PAGE = /\/(embed|screen|screen\/reveal)(\?|$)/;

const WRONG_TABLE = 'name,link\nLeaf Counter,https://example.org/\nNight Bus,nowhere\nleaf counter,\n';

/** Opens one state of the site, from an empty browser window. */
export type Visit = (page: Page, fixtures: Fixtures) => Promise<unknown>;

/** The site, and what `fillSite` put into it. */
export interface Fixtures {
  site: Site;
  members: Members;
  links: Links;
  topics: Topics;
}

const open =
  (path: string): Visit =>
  (page) =>
    page.goto(path);
/** Opens a page of a topic that is not public. */
const openIn =
  (topic: keyof Topics, page = ''): Visit =>
  async (browser, { topics }) => {
    const answer = await browser.goto(topics[topic] + page);
    if (!answer?.ok()) throw new Error(`${topics[topic]}${page} answers ${answer?.status()}`);
  };
/** Opens a list, and then the first page that it links to. */
const openFirst =
  (path: string, link: string): Visit =>
  async (page) => {
    await page.goto(path);
    await page.goto(String(await page.locator(link).first().getAttribute('href')));
  };
const openEach = (paths: string[]): Record<string, Visit> =>
  Object.fromEntries(paths.map((path) => [path, open(path)]));

/** Every state of every page, by the visitor or member who sees it. */
export const visits: Record<'visitor' | keyof Members, Record<string, Visit>> = {
  visitor: {
    ...openEach([...PUBLIC_PATHS, '/dev/components']),
    'a thing': (page, { site }) => openThing(page, site, 'Apple'),
    'a thing with wins and losses': (page, { site }) => openThing(page, site, 'Plum'),
    'a thing nobody was asked about': (page, { site }) => openThing(page, site, 'The only one'),
    'a thing that was taken down': (page, { site }) => openThing(page, site),
    'a topic by link': openIn('hidden', '/vote'),
    'results that are hidden': openIn('hidden', '/top'),
    'a ranking in a frame': open('/topics/fruit/embed'),
    'a ranking in a frame that is hidden': openIn('hidden', '/embed'),
    'a pair with both texts': openIn('hidden', '/vote?read'),
    'a topic that is closed': openIn('closed', '/vote'),
    'the results of a closed topic': openIn('closed', '/top'),
    'notes for a team': openIn('closed', '/notes'),
    'a personal link': openIn('join'),
    'a link that gives a role, without an account': openIn('role'),
    'a link that works no more (404)': open('/join/nothing'),
    'the code of a topic': open('/join'),
    'a code of no topic': async (page) => {
      await page.goto('/join');
      await page.getByLabel('Code').fill('BCDF 2345');
      await page.getByRole('button', { name: 'Join' }).click();
      await page.locator('#code-error').waitFor();
    },
    'a large screen': open('/topics/fruit/screen'),
    'a large screen that holds still': open('/topics/fruit/screen?hold'),
    'a large screen without results': openIn('hidden', '/screen'),
    'a reveal': open('/topics/fruit/screen/reveal'),
    'a reveal of the last ranks': open('/topics/fruit/screen/reveal?shown=3'),
    'an empty topic': open('/topics/none/top'),
    'a topic with one thing': open('/topics/one/vote'),
    'a ranking with pages': open('/topics/many/ranking?page=2'),
    'a ranking opened at one row': async (page) => {
      await page.goto('/top');
      await page.locator('.board a').nth(3).click();
      await page.getByRole('link', { name: 'In the full ranking' }).click();
    },
    'a search': open('/ranking?q=pi'),
    'a search that finds nothing': open('/ranking?q=nothing+like+it'),
    'a paused Top 20': async (page) => {
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
    'a guest’s vote': (page) => vote(page),
    'a guest’s vote that is taken back': async (page) => {
      await vote(page);
      await undo(page);
    },
    'the end of a small topic': async (page) => {
      await page.goto('/topics/two/vote');
      await page.locator('#choose-left').click();
      await page.getByRole('heading', { name: 'You’ve voted on today’s guest pairs' }).waitFor();
    },
    'twenty votes of a guest': async (page) => {
      await answerTwenty(page);
      await page.goto('/vote');
    },
    'the votes of a guest': async (page) => {
      await vote(page);
      await page.goto('/guest');
      await page.getByRole('button', { name: 'Delete my votes' }).waitFor();
    },
    'the front page with twenty votes of a guest': async (page) => {
      await answerTwenty(page);
      await page.goto('/');
    },
    'a ballot that is refused': sendInvalidBallot,
    'a form without an answer': sendEmptyForm,
    'a lost connection': loseConnection,
    'a refusal beside the pair': async (page) => {
      await page.goto('/vote');
      await setBallot(page, 'x'.repeat(40_000));
      await page.locator('#choose-left').click();
      await page.locator('#notice').getByText('That was too large').waitFor();
    },
    'registering for another page': open('/register?next=%2Fprofile'),
    'registering with a wrong name and password': async (page) => {
      await page.goto('/register');
      await submitCredentials(page, 'Sign up', { username: '?', password: 'short' });
      await page.locator('#password-error').waitFor();
    },
    'a welcome, with the recovery code': register,
    'getting back in with a wrong code': async (page) => {
      await page.goto('/recover');
      await page.getByLabel('Recovery code').fill('7K3M');
      await submitCredentials(page, 'Set new password', { username: 'nobody', password: 'no such phrase' });
      await page.locator('#recover-error').waitFor();
    },
    'a link for a new password': (page, { links }) => page.goto(links.reset),
    'a link for a new password, with a short one': async (page, { links }) => {
      await page.goto(links.reset);
      await page.getByLabel('New password', { exact: true }).fill('short');
      await submitUnchecked(page, 'Set new password');
      await page.locator('#password-error').waitFor();
    },
    'a link for a new password that works no more (404)': open('/reset/nothing'),
    'a link that confirms an e-mail address': (page, { links }) => page.goto(links.confirm),
    'the link of the start': openClaim,
    'logging in for another page': open('/login?next=%2Fprofile'),
    'logging in with a wrong password': async (page) => {
      await page.goto('/login');
      await submitCredentials(page, 'Log in', { username: 'nobody', password: 'no such phrase' });
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
      await page.goto('/profile');
      await page.getByRole('button', { name: 'Log out', exact: true }).click();
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
      await submitCredentials(page, 'Log in', { username: 'nobody', password: 'no such phrase' });
      await waitForTitle(page, 'You’re doing that too often');
    },
    'a malformed form (400)': async (page) => {
      await page.goto('/login');
      await page.locator('form.stack').evaluate((form: HTMLFormElement) => {
        form.enctype = 'text/plain';
      });
      await submitCredentials(page, 'Log in', { username: 'nobody', password: 'no such phrase' });
      await waitForTitle(page, 'We couldn’t read that form');
    },
    'a form from another site (403)': async (page, { site }) => {
      const form = `<form method="post" action="${site.origin}/login"><button>Win a prize</button></form>`;
      await page.route('http://elsewhere.test/', (route) =>
        route.fulfill({ body: form, contentType: 'text/html' }),
      );
      await page.goto('http://elsewhere.test/');
      await page.getByRole('button').click();
      await waitForTitle(page, 'This came from another site');
    },
    'an address for forms only (405)': open('/logout'),
    'a form that is too large (413)': async (page) => {
      await page.goto('/login');
      await submitCredentials(page, 'Log in', { username: 'x'.repeat(40_000), password: 'no such phrase' });
      await waitForTitle(page, 'That was too large');
    },
  },
  newcomer: {
    ...openEach(MEMBER_PATHS),
    'an e-mail address that is not confirmed': open('/profile/email'),
    'the end of a small topic': async (page) => {
      await page.goto('/topics/two/vote');
      const end = page.getByRole('heading', { name: 'You’ve voted on every pair' });
      if (await end.isVisible()) return;
      await page.locator('#choose-left').click();
      await end.waitFor();
    },
  },
  voter: {
    ...openEach(['/', ...MEMBER_PATHS, '/profile/email']),
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
      await page.locator('.receipt').getByText('Here is a pair with').waitFor();
    },
    'a vote on a thing that was taken down': open('/vote?gone'),
    'a ballot that is refused': sendInvalidBallot,
    'a form without an answer': sendEmptyForm,
    'a lost connection': loseConnection,
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
    'one’s own list of a topic without votes': open('/profile/topics/animals/top'),
    'older votes': async (page) => {
      await page.goto('/profile/votes');
      await page.getByRole('link', { name: 'Older votes' }).click();
    },
    'an answer to be changed': openChange,
    'a change without an answer': async (page) => {
      await openChange(page);
      await submitWithoutAnswer(page, 'form[action$="/change"]');
      await page.getByText('Nothing has changed yet').waitFor();
    },
    'a changed answer': async (page) => {
      await openChange(page);
      const wasTie = (await page.locator('#choose-tie .tag').count()) > 0;
      await page.locator(wasTie ? '#choose-left' : '#choose-tie').click();
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
      await waitForTitle(page, 'You took this vote back');
    },
    'a link that was just made': async (page) => {
      await page.goto('/profile/top');
      await page.getByRole('button', { name: 'Create the link' }).click();
      await page.getByText('Here is your link.').waitFor();
    },
    'a shared list of one’s own': (page, { links }) => page.goto(links.open),
    'a shared list that has ended': (page, { links }) => page.goto(links.ended),
    'a wrong and a short password': async (page) => {
      await page.goto('/profile/password');
      await page.getByLabel('Current password', { exact: true }).fill('not this one');
      await page.getByLabel('New password', { exact: true }).fill('x');
      await submitUnchecked(page, 'Change password');
      await page.locator('#current-error').waitFor();
    },
    'closing the account without saying how': async (page, { site }) => {
      await page.goto('/profile/close');
      // All visits before may have taken longer than a password counts.
      await sql`update sessions set confirmed_at = now()`.execute(site.db);
      await submitUnchecked(page, 'Close my account');
      await page.getByText('Choose what should happen to your votes').waitFor();
    },
    'being asked for the password': openConfirm,
    'being asked for the password again': async (page, fixtures) => {
      await openConfirm(page, fixtures);
      await page.getByLabel('Password', { exact: true }).fill('not this one');
      await page.getByRole('button', { name: 'Confirm' }).click();
      await page.locator('#password-error').waitFor();
    },
    'adding pictures': openPictures,
    'pictures that were added, and one that was not': async (page, fixtures) => {
      await openPictures(page, fixtures);
      const buffer = await picture('png');
      await page.getByLabel('Pictures', { exact: true }).setInputFiles([
        { name: 'fox.png', mimeType: 'image/png', buffer },
        { name: 'logo.svg', mimeType: 'image/svg+xml', buffer: SVG },
      ]);
      await page.getByRole('button', { name: 'Add pictures' }).click();
      await page.getByRole('heading', { name: '1 picture added, 1 not' }).waitFor();
    },
    'the picture of a thing': openPicture,
    'a file that is no picture': async (page, fixtures) => {
      await openPicture(page, fixtures);
      const file = { name: 'fox.png', mimeType: 'image/png', buffer: Buffer.from('no picture') };
      await page.getByLabel('Another picture').setInputFiles(file);
      await page.getByRole('button', { name: 'Save picture' }).click();
      await page.locator('#picture-error').waitFor();
    },
    'a fault of the site (500)': async (page, { site }) => {
      await site.db.schema.alterTable('shares').renameTo('away').execute();
      await page.goto('/profile/links');
      await site.db.schema.alterTable('away').renameTo('shares').execute();
      await waitForTitle(page, 'Something went wrong on our side');
    },
  },
  admin: {
    ...openEach(ADMIN_PATHS),
    'people who wait, for admins': open('/admin/people?show=waiting'),
    'a person, for admins': openFirst('/admin/people', '.entries .name'),
    'a person who waits, for admins': openFirst('/admin/people?show=waiting', '.entries .name'),
    'a topic, for admins': openFirst('/admin/topics', '.entries .name'),
    'the voters behind an alarm': openFirst('/admin/stuffing', '#alarms ~ .entries .name'),
    'a one-sided group': openFirst('/admin/stuffing', '#groups ~ .entries .name'),
    'a link of the start that works no more (404)': open('/claim/nothing'),
  },
  organiser: {
    ...Object.fromEntries(
      MANAGE_PAGES.map((page) => [page || 'the overview of a topic', openIn('manage', page)]),
    ),
    'the overview of a topic with votes': openIn('manageVoted'),
    'the results of a topic with votes': openIn('manageVoted', '/results'),
    'the overview of a topic with a code': async (page, { topics }) => {
      await page.goto(topics.manageVoted);
      await page.getByRole('button', { name: 'Make a short code' }).click();
      await page.getByText('Here is the code').waitFor();
    },
    'personal links to print': async (page, { topics }) => {
      await page.goto(`${topics.manage}/voters`);
      await page.getByLabel('Names, one a line').fill('Zoë, Blue\nOmar');
      await page.getByRole('button', { name: 'Make personal links' }).click();
      await page.getByRole('link', { name: 'Print as QR codes' }).click();
      await page.getByRole('heading', { name: 'Personal links to print' }).waitFor();
    },
    'the overview of a draft': openIn('manageDraft'),
    'the overview of a closed topic': openIn('manageClosed'),
    'the topics that one runs': open('/topics'),
    'a new topic': open('/topics/new'),
    'two texts beside each other': openIn('invited', '/vote?read'),
    'proposing a thing': openIn('invited', '/suggest'),
    'a suggestion that is wrong': async (page, { topics }) => {
      await page.goto(`${topics.invited}/suggest`);
      await page.getByLabel('Name').fill('A film');
      await page.getByLabel('Link (optional)').fill('nowhere');
      await page.getByRole('button', { name: 'Propose' }).click();
      await page.locator('#link-error').waitFor();
    },
    'flagging a thing': openIn('flag'),
    'a decision without a reason': async (page, { topics }) => {
      await page.goto(`${topics.manage}/review`);
      await page.getByRole('button', { name: 'Refuse' }).first().click();
      await page.getByText('Say in 1 to 300 characters why').waitFor();
    },
    'a new topic with mistakes': async (page) => {
      await page.goto('/topics/new');
      await page.locator('#things').fill(WRONG_TABLE);
      await submitUnchecked(page, 'Create topic');
      await page.locator('#title-error').waitFor();
      await page.getByRole('heading', { name: 'Preview: 1 thing ready, 2 rows to mend' }).waitFor();
    },
    'a new topic for pictures': async (page) => {
      await page.goto('/topics/new');
      await page.getByLabel('Title').fill('Our photographs');
      await page.getByLabel('Question').fill('Which one?');
      const file = { name: 'fox.png', mimeType: 'image/png', buffer: await picture('png') };
      await page.getByLabel('Pictures', { exact: true }).setInputFiles(file);
      await page.getByText('1 picture chosen').first().waitFor();
      await page.getByRole('button', { name: 'Create topic' }).click();
      await page.getByRole('heading', { name: '1 picture added' }).waitFor();
    },
    'things to add with mistakes': async (page, { topics }) => {
      await page.goto(`${topics.manage}/things/new`);
      await page.locator('#things').fill(WRONG_TABLE);
      await page.getByRole('button', { name: 'Add', exact: true }).click();
      await page.locator('#things-error').waitFor();
    },
    'settings with mistakes': async (page, { topics }) => {
      await page.goto(`${topics.manageDraft}/settings`);
      for (const field of ['title', 'question', 'top', 'votes-each', 'origins'])
        await page.locator(`#${field}`).fill(field === 'title' || field === 'question' ? ' ' : 'none');
      await submitUnchecked(page, 'Save');
      await page.locator('#origins-error').waitFor();
    },
    'a thing for its organisers': openIn('manageThing'),
    'a thing with mistakes': async (page, { topics }) => {
      await page.goto(topics.manageThing);
      await page.getByLabel('Name', { exact: true }).fill(' ');
      await page.getByLabel('Link', { exact: true }).fill('nowhere');
      await page.getByRole('button', { name: 'Save' }).click();
      await page.locator('#link-error').waitFor();
    },
    'merging with nothing': async (page, { topics }) => {
      await page.goto(topics.manageThing);
      await page.getByLabel('Name of the other thing').fill('nothing like it');
      await page.getByRole('button', { name: 'Merge' }).click();
      await page.locator('#into-error').waitFor();
    },
    'a thing that is retired': async (page, { topics }) => {
      await page.goto(`${topics.manageDraft}/things`);
      await page.locator('.managed a').first().click();
      const retire = page.getByRole('button', { name: 'Retire' });
      if (await retire.isVisible()) await retire.click();
      await page.getByText('Nobody is asked about it, and it has no rank').waitFor();
    },
    'a thing of an invited topic': openIn('thing'),
    'a topic that is deleted': openIn('deleted'),
    'a link that gives a role': openIn('role'),
    'closing the account with topics': open('/profile/close'),
    'names that are wrong': async (page, { topics }) => {
      await page.goto(`${topics.manage}/voters`);
      await page.locator('#names').fill(', Blue');
      await page.getByRole('button', { name: 'Make personal links' }).click();
      await page.locator('#names-error').waitFor();
    },
  },
  finisher: {
    '/profile': open('/profile'),
    '/profile/top': open('/profile/topics/fruit/top'),
    'having answered every pair': open('/topics/fruit/vote'),
  },
};

/** Opens the page that makes an admin, which is there only while the site has none. */
async function openClaim(page: Page, { site }: Fixtures): Promise<void> {
  const setRole = (from: 'admin' | 'member', to: 'admin' | 'member', ids: number[]) =>
    site.db.transaction().execute(async (trx) => {
      await sql`alter table users disable trigger users_keep_an_admin`.execute(trx);
      await trx
        .updateTable('users')
        .set({ role: to })
        .where('role', '=', from)
        .where('id', 'in', ids)
        .execute();
      await sql`alter table users enable trigger users_keep_an_admin`.execute(trx);
    });
  const admins = await site.db.selectFrom('users').where('role', '=', 'admin').select('id').execute();
  const ids = admins.map(({ id }) => id);
  await setRole('admin', 'member', ids);
  await page.goto(`/claim/${await makeClaim(site.db)}`);
  await setRole('member', 'admin', ids);
}

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
  // The page ignores clicks right after a new pair appears.
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

async function sendInvalidBallot(page: Page): Promise<void> {
  await page.goto('/vote');
  await setBallot(page, 'not one of ours');
  await page.locator('#choose-left').click();
  await page.locator('.receipt').getByText('didn’t go through').waitFor();
}

async function setBallot(page: Page, ballot: string): Promise<void> {
  await page
    .locator('#pair [name=ballot]')
    .first()
    .evaluate((input: HTMLInputElement, value) => {
      input.value = value;
    }, ballot);
}

async function sendEmptyForm(page: Page): Promise<void> {
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

async function loseConnection(page: Page): Promise<void> {
  await page.goto('/vote');
  await page.context().setOffline(true);
  await page.locator('#choose-left').click();
  await page.locator('#notice').getByText('Couldn’t connect').waitFor();
}

async function submitCredentials(
  page: Page,
  button: string,
  { username, password }: { username: string; password: string },
): Promise<void> {
  await page.getByLabel('Name', { exact: true }).fill(username);
  await page.getByLabel(/^(New p|P)assword$/).fill(password);
  await submitUnchecked(page, button);
}

// Without the browser's own validation, which would stop a wrong form.
async function submitUnchecked(page: Page, button: string): Promise<void> {
  await page
    .locator('main form.stack')
    .first()
    .evaluate((form: HTMLFormElement) => {
      form.noValidate = true;
    });
  await page.locator('main').getByRole('button', { name: button, exact: true }).click();
}

let registrations = 0;

async function register(page: Page): Promise<{ username: string; password: string }> {
  const form = { username: `registers-${++registrations}`, password: 'a long enough phrase' };
  await page.goto('/register');
  await submitCredentials(page, 'Sign up', form);
  await page.getByText('Welcome.').waitFor();
  return form;
}

async function openChange(page: Page): Promise<void> {
  await page.goto('/profile/votes');
  await page.getByRole('link', { name: 'Change: ' }).first().click();
  await page.getByText('It counts until you pick again').waitFor();
}

/** Opens the page that asks for the password again, because it was entered more than ten minutes ago. */
async function openConfirm(page: Page, { site }: Fixtures): Promise<void> {
  await page.goto('/profile/sessions');
  await sql`update sessions set confirmed_at = now() - interval '11 minutes'`.execute(site.db);
  await page.getByRole('button', { name: 'Log out everywhere else' }).click();
  await waitForTitle(page, 'Confirm it’s you');
}

async function openPictures(page: Page, { site, members }: Fixtures): Promise<void> {
  const { manage } = await topicOf(site, members.voter.id);
  await page.goto(`${manage}/pictures`);
}

async function openPicture(page: Page, { site, members }: Fixtures): Promise<void> {
  const { topicId, manage } = await topicOf(site, members.voter.id);
  const fox = { topicId, name: 'Fox', slug: 'fox', picture: 'fox.svg' };
  const { id } = await site.db.insertInto('things').values(fox).returning('id').executeTakeFirstOrThrow();
  await page.goto(`${manage}/things/${id}/picture`);
}

async function waitForTitle(page: Page, text: string): Promise<void> {
  await page.getByRole('heading', { level: 1, name: text }).waitFor();
}
