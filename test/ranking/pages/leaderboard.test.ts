import { beforeAll, expect, it } from 'vitest';
import { rateInOrder, read, thingNames, topic, useSite, visit } from '../../site.js';

const site = useSite();
const names = ['Crème brûlée', 'Smørrebrød', 'Weißwurst', 'Pizza', 'PIZZA bianca'];

beforeAll(async () => {
  await topic(site, { slug: 'many', names: [...thingNames(120), ...names] });
  await topic(site, { names: ['Ramen'] });
  await rateInOrder(site);
});

const open = async (path: string) => read((await visit(site).get(path).expect(200)).text);

async function namesOn(path: string): Promise<string[]> {
  const $ = await open(path);
  return $('.board .name')
    .map((_index, name) => $(name).text())
    .get();
}

it('shows all things on pages of fifty', async () => {
  const first = await open('/topics/many/ranking');
  expect(first('.board tbody tr')).toHaveLength(50);
  expect(first('title').text()).toBe('Full ranking: Many · Thinga');
  expect(first('[rel=prev]')).toHaveLength(0);
  expect(first('[rel=next]').attr('href')).toBe('/topics/many/ranking?page=2');
  const second = await open('/topics/many/ranking?page=2');
  expect(second('title').text()).toBe('Full ranking: Many, page 2 of 3 · Thinga');
  expect(second('[rel=prev]').attr('href')).toBe('/topics/many/ranking');
  expect(second('[aria-current=page]').text().trim()).toBe('Page 2');
  expect(second('.board tbody .rank').first().text()).toContain('51');
  const last = await open('/topics/many/ranking?page=3');
  expect(last('.board tbody tr')).toHaveLength(25);
  expect(last('[rel=next]')).toHaveLength(0);
});

it('shows a short topic on one page without page links', async () => {
  const $ = await open('/ranking');
  expect($('.board .name').text()).toBe('Ramen');
  expect($('.pages')).toHaveLength(0);
  await visit(site).get('/topics/none/ranking').expect(404);
});

it.each(['', '0', '-1', '1.5', 'two', '1e1', '%00'])(
  'shows the first page for the page “%s”',
  async (page) => {
    expect((await namesOn(`/topics/many/ranking?page=${page}`))[0]).toBe('Thing 1');
  },
);

it.each(['4', '99999999999999999999'])('answers 404 for the page %s', async (page) => {
  await visit(site).get(`/topics/many/ranking?page=${page}`).expect(404);
});

it.each([
  ['pizza', ['Pizza', 'PIZZA bianca']],
  ['BIANCA piz', ['PIZZA bianca']],
  ['creme bru', ['Crème brûlée']],
  ['crème', ['Crème brûlée']],
  ['smorre', ['Smørrebrød']],
  ['weisswurst', ['Weißwurst']],
])('finds “%s” in any case and with or without accents', async (query, names) => {
  expect(await namesOn(`/topics/many/ranking?q=${encodeURIComponent(query)}`)).toEqual(names);
});

it('shows the rank in the full ranking in search results, and keeps the query in page links', async () => {
  const $ = await open('/topics/many/ranking?q=thing');
  expect($('.lead').text()).toContain('120 things of 125');
  expect($('[rel=next]').attr('href')).toBe('/topics/many/ranking?q=thing&page=2');
  expect($('#q').val()).toBe('thing');
  const pizza = await open('/topics/many/ranking?q=pizza');
  expect(pizza('.board tbody .rank').first().text()).toContain('124');
  await visit(site).get('/topics/many/ranking?q=pizza&page=2').expect(404);
});

it('says that nothing was found, with the query escaped', async () => {
  const $ = await open(`/topics/many/ranking?q=${encodeURIComponent('<b>xyzzy</b>')}`);
  expect($('.card h2').text()).toBe('Nothing here is called “<b>xyzzy</b>”');
  expect($('.board')).toHaveLength(0);
  expect($('.card a').attr('href')).toBe('/topics/many/ranking');
});

it.each([
  ['%00', '', 50],
  ['pi%00zz%07a', 'pizza', 2],
  ['%20pizza%0D%0A%09bianca%20', 'pizza bianca', 1],
  ['%ED%A0%80pizza%FF', '\uFFFD\uFFFD\uFFFDpizza\uFFFD', 0],
  ['pizza&q=sushi', 'pizza', 2],
  ['__proto__', '__proto__', 0],
  [`${'x'.repeat(79)}%F0%9F%8D%95`, 'x'.repeat(79), 0],
  ['x'.repeat(8000), 'x'.repeat(80), 0],
])('cleans a query before it searches and shows it (%#)', async (query, shown, results) => {
  const { text } = await visit(site).get(`/topics/many/ranking?q=${query}`).expect(200);
  expect(read(text)('#q').val() ?? '').toBe(shown);
  expect(text).not.toMatch(/[^\P{Cc}\n]/u);
  expect(read(text)('.board .name')).toHaveLength(results);
});

it('is linked from the Top 20', async () => {
  const $ = await open('/topics/many/top');
  expect($('.actions a[href="/topics/many/ranking"]').text()).toBe('All 125 things');
});
