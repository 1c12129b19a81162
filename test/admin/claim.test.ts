import { sql } from 'kysely';
import { expect, it } from 'vitest';
import { makeClaim } from '../../src/admin/settings/claim.js';
import { member, openSite, read, visit } from '../site.js';

it('makes the first person with the link of the start an admin, once', async () => {
  const fresh = await openSite();
  try {
    const [older, token] = [await makeClaim(fresh.db), await makeClaim(fresh.db)];
    const browser = visit(fresh);
    await browser.get(`/claim/${older}`).expect(404);
    await browser.get('/claim/made-up').expect(404);
    const page = await browser.get(`/claim/${token}`).expect(200);
    expect([page.headers['cache-control'], page.headers['x-robots-tag']]).toEqual(['no-store', 'noindex']);
    const next = String(read(page.text)('.actions a').attr('href'));
    expect(next).toBe(`/register?next=${encodeURIComponent(`/claim/${token}`)}`);
    await browser
      .post(`/claim/${token}`)
      .expect(303)
      .expect('Location', /^\/login/);
    const form = { username: 'founder', password: 'a long enough phrase', next: `/claim/${token}` };
    await browser
      .post('/register')
      .type('form')
      .send(form)
      .expect(303)
      .expect('Location', /^\/profile\/recovery-code[?]next=%2Fclaim%2F/);
    await browser.get('/admin').expect(404);
    // The password was given long ago. The question for it keeps the link.
    await sql`update sessions set confirmed_at = now() - interval '11 minutes'`.execute(fresh.db);
    const question = await browser.post(`/claim/${token}`).expect(422);
    expect([question.headers['cache-control'], read(question.text)('main form').attr('action')]).toEqual([
      'no-store',
      `/claim/${token}`,
    ]);
    await browser.get('/admin').expect(404);
    await browser
      .post(`/claim/${token}`)
      .type('form')
      .send({ password: form.password })
      .expect(303)
      .expect('Location', '/admin/settings');
    expect((await browser.get('/admin/settings').expect(200)).text).toContain('You are an admin now');
    await (await member(fresh)).browser.post(`/claim/${token}`).expect(404);
    expect(await makeClaim(fresh.db)).toBeUndefined();
    const { claimHash } = await fresh.db
      .selectFrom('siteSettings')
      .select('claimHash')
      .executeTakeFirstOrThrow();
    expect(claimHash).toBeNull();
  } finally {
    await fresh.close();
  }
});

it('makes nobody an admin with a link that is older than a day', async () => {
  const fresh = await openSite();
  try {
    const token = await makeClaim(fresh.db);
    const stored = JSON.stringify(await fresh.db.selectFrom('siteSettings').selectAll().execute());
    expect(stored).not.toContain(token);
    await sql`update site_settings set claim_expires_at = now() - interval '1 second'`.execute(fresh.db);
    const { browser } = await member(fresh);
    await browser.get(`/claim/${token}`).expect(404);
    await browser.post(`/claim/${token}`).expect(404);
  } finally {
    await fresh.close();
  }
});
