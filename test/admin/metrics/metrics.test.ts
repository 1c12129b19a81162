import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, inject, it } from 'vitest';
import { checkRecord } from '../../../src/auth/audit/check-record.js';
import { root } from '../../../src/config.js';
import { member, openSite, topic, useSite, visit, vote } from '../../site.js';

const metricsToken = 'f3zq8Zr2mVx7LdK4wTn9YbHc3GsJf6Pa';
const site = useSite({ metricsToken, production: true });
beforeAll(async () => {
  await topic(site);
});

async function scrape(): Promise<string> {
  const answer = await visit(site).get('/metrics').set('Authorization', `Bearer ${metricsToken}`).expect(200);
  expect(answer.headers['content-type']).toContain('text/plain');
  return answer.text;
}

/** The value of a series, such as `thinga_votes_total{result="cast"}`; 0 before it has one. */
async function read(series: string): Promise<number> {
  const line = (await scrape()).split('\n').find((text) => text.startsWith(`${series} `));
  return Number(line?.slice(series.length) ?? 0);
}

/** Tells by how much a series grows. */
async function growthOf(series: string, work: () => Promise<unknown>): Promise<number> {
  const before = await read(series);
  await work();
  return (await read(series)) - before;
}

it('shows the metrics to nobody without the token', async () => {
  for (const header of ['', 'Bearer ', `Bearer ${metricsToken}x`, `Basic ${metricsToken}`, metricsToken]) {
    const answer = await visit(site).get('/metrics').set('Authorization', header).expect(401);
    expect(answer.headers['www-authenticate']).toBe('Bearer');
    expect(answer.text).not.toContain('thinga_');
  }
  await visit(site).get(`/metrics?token=${metricsToken}`).expect(401);
});

it('has no metrics without a token in the settings', async () => {
  const without = await openSite({ metricsToken: undefined }, { storesOf: site });
  await visit(without).get('/metrics').expect(404);
  await without.close();
});

it('counts a vote and its request by the pattern of the route', async () => {
  const { browser } = await member(site);
  expect(await growthOf('thinga_votes_total{result="cast"}', () => vote(browser))).toBe(1);
  const series = 'thinga_http_requests_total{method="POST",route="/vote",status="303"}';
  expect(await growthOf(series, () => vote(browser))).toBe(1);
  const timed = 'thinga_http_request_seconds_count{method="POST",route="/vote"}';
  expect(await growthOf(timed, () => vote(browser))).toBe(1);
  const other = await member(site);
  expect(await growthOf('thinga_queue_redraws_total', () => vote(other.browser))).toBe(1);
});

it('counts log-ins by outcome', async () => {
  const { username, password } = await member(site);
  const logIn = (given: string) =>
    visit(site).post('/login').type('form').send({ username, password: given });
  const series = (outcome: string) => `thinga_log_ins_total{method="password",outcome="${outcome}"}`;
  expect(await growthOf(series('accepted'), () => logIn(password).expect(303))).toBe(1);
  expect(await growthOf(series('refused'), () => logIn('a wrong phrase').expect(422))).toBe(1);
  const event = 'thinga_session_events_total{kind="login-failed"}';
  expect(await growthOf(event, () => logIn('a wrong phrase').expect(422))).toBe(1);
});

it('tells of sessions, the ranker and the record of events', async () => {
  const { browser } = await member(site);
  expect(await read('thinga_sessions{state="active"}')).toBeGreaterThan(0);
  expect(await growthOf('thinga_sessions{state="inactive"}', () => browser.post('/logout'))).toBe(1);
  const voter = await member(site);
  await site.rank();
  expect(await read('thinga_ranker_waiting_votes')).toBe(0);
  await vote(voter.browser);
  expect(await read('thinga_ranker_waiting_votes')).toBe(1);
  expect(await growthOf('thinga_ranker_lag_seconds', () => scrape())).toBeGreaterThan(0);
  await site.rank();
  expect(await read('thinga_ranker_lag_seconds')).toBe(0);
  await checkRecord(site.db);
  expect(await scrape()).toContain('\nthinga_audit_broken 0\n');
});

it('has no name, address, path or id of a person in a label', async () => {
  const { browser, username } = await member(site);
  await browser.get('/join/a-secret-token');
  await browser.get('/things/1');
  await browser.get('/nowhere-at-all');
  const text = await scrape();
  for (const part of [username, 'a-secret-token', 'nowhere-at-all', '/things/1"', '127.0.0.1', '10.9.'])
    expect(text).not.toContain(part);
});

it('has every metric that the alert rules and the dashboard ask for', async () => {
  const { browser } = await member(site);
  await vote(browser);
  await checkRecord(site.db);
  const served = await scrape();
  const asked = ['alerts.yml', 'grafana-dashboard.json']
    .flatMap((file) =>
      readFileSync(join(root, 'monitoring', file), 'utf8').match(/\b(thinga|nodejs|process)_\w+/g),
    )
    .map((name) => String(name).replace(/_(bucket|count|sum)$/, ''));
  const needsServers = inject('postgres') && inject('redis');
  for (const name of new Set(asked))
    if (needsServers || !/redis|gc_/.test(name))
      expect([name, served.includes(`# TYPE ${name} `)]).toEqual([name, true]);
});
