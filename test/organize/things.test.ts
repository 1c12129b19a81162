import { expect, it } from 'vitest';
import { HTMX, member, read, useSite } from '../site.js';
import { eventsOf, flashOn, makeTopic, thingId } from './made-topic.js';

const site = useSite();

const names = (html: string): string[] => {
  const $ = read(html);
  return $('.managed .name')
    .toArray()
    .map((name) => $(name).text());
};

it('lists the things, and adds more after a preview', async () => {
  const made = await makeTopic(site);
  const { browser, manage } = made;
  expect(names((await browser.get(`${manage}/things`).expect(200)).text)).toEqual(['Jam', 'Pie', 'Tea']);
  const add = (things: string, action = 'add') =>
    browser.post(`${manage}/things/new`).type('form').send({ things, action });
  const page = read((await add('Cake\nTEA').expect(422)).text);
  expect(page('.rows .wrong .error').text()).toBe('Name “Tea” is in this topic already.');
  expect(page('#things').val()).toBe('Cake\nTEA');
  const part = await browser
    .post(`${manage}/things/new`)
    .set(HTMX)
    .type('form')
    .send({ things: 'Green teas\nGreen tea' })
    .expect(200);
  expect(read(part.text)('.rows').text()).toContain('Almost the same as “Green teas”');
  expect(read((await add('').expect(422)).text)('#things-error').text()).toBe('Write at least one thing.');
  await add('Cake\nRice').expect(303);
  expect(names((await browser.get(`${manage}/things`)).text)).toEqual(['Cake', 'Jam', 'Pie', 'Rice', 'Tea']);
  expect(await eventsOf(site, made)).toEqual(['created', 'things added', 'things added']);
  await site.boards.refresh();
  expect(site.boards.get(made.slug)?.size).toBe(5);
});

it('finds things by name, page by page', async () => {
  const things = Array.from({ length: 60 }, (_, index) => `Thing ${String(index).padStart(2, '0')}`).join(
    '\n',
  );
  const { browser, manage } = await makeTopic(site, { things });
  expect(names((await browser.get(`${manage}/things`)).text)).toHaveLength(50);
  expect(names((await browser.get(`${manage}/things?page=2`)).text)).toHaveLength(10);
  expect(names((await browser.get(`${manage}/things?q=thing+0`)).text)).toHaveLength(10);
  await browser.get(`${manage}/things?q=%25&page=x`).expect(200);
});

it('changes the fields of a thing', async () => {
  const made = await makeTopic(site);
  const { browser, manage } = made;
  const address = `${manage}/things/${await thingId(site, made, 'Tea')}`;
  const fields = {
    ...{
      name: 'Green tea',
      description: 'Hot\nand green',
      text: '# Tea\r\n\r\nA leaf.',
      link: 'https://example.org/',
    },
    ...{ tags: 'hot, green, Hot', location: 'Table 4', team: 'The Leaves' },
  };
  await browser.post(address).type('form').send(fields).expect(303);
  expect(await flashOn(browser, address)).toBe('Saved.');
  const $ = read((await browser.get(address)).text);
  expect($('h1').text()).toBe('Green tea');
  expect($('#description').val()).toBe('Hot and green');
  expect($('#text').val()).toBe('# Tea\n\nA leaf.');
  expect($('#tags').val()).toBe('hot, green');
  expect($('#location').val()).toBe('Table 4');
  expect(await eventsOf(site, made)).toContain('thing changed');

  const wrong = {
    ...fields,
    name: '',
    link: 'nowhere',
    text: 'x'.repeat(20_001),
    tags: 'a,b,c,d,e,f,g,h,i,j,k',
  };
  const page = read((await browser.post(address).type('form').send(wrong).expect(422)).text);
  expect(
    page('.field .error')
      .toArray()
      .map((error) => page(error).attr('id')),
  ).toEqual([...['name-error', 'text-error', 'link-error', 'tags-error']]);
  expect(page('#text').val()).toHaveLength(20_001);
  const taken = read(
    (
      await browser
        .post(address)
        .type('form')
        .send({ ...fields, name: 'PIE' })
        .expect(422)
    ).text,
  );
  expect(taken('#name-error').text()).toBe('Another thing of this topic has this name.');
  expect(taken('#name').val()).toBe('PIE');
});

it('retires a thing and restores it', async () => {
  const made = await makeTopic(site);
  const { browser, manage, slug } = made;
  const address = `${manage}/things/${await thingId(site, made, 'Tea')}`;
  await browser.post(`${address}/retire`).expect(303);
  await site.boards.refresh();
  expect(site.boards.get(slug)?.size).toBe(2);
  expect(read((await browser.get(address)).text)('main').text()).toContain('Restore it');
  await browser.post(`${address}/restore`).expect(303);
  await browser.post(`${address}/restore`).expect(303);
  await site.boards.refresh();
  expect(site.boards.get(slug)?.size).toBe(3);
  expect(await eventsOf(site, made)).toEqual(['created', 'things added', 'thing retired', 'thing restored']);
});

it('merges a thing with another one by its name, and undoes it', async () => {
  const made = await makeTopic(site);
  const { browser, manage, slug } = made;
  const address = `${manage}/things/${await thingId(site, made, 'Tea')}`;
  const merge = (into: string) => browser.post(`${address}/merge`).type('form').send({ into });
  for (const into of ['Tea', 'Nothing', ''])
    expect(read((await merge(into).expect(422)).text)('#into-error').text()).toContain(
      'Choose another thing',
    );
  await merge(' jam ').expect(303);
  expect(read((await browser.get(address)).text)('main').text()).toContain('Merged into Jam');
  await merge('Pie').expect(422);
  await site.boards.refresh();
  expect(site.boards.get(slug)?.size).toBe(2);
  await browser.post(`${address}/restore`).expect(303);
  await site.boards.refresh();
  expect(site.boards.get(slug)?.size).toBe(2);
  await browser.post(`${address}/unmerge`).expect(303);
  await site.boards.refresh();
  expect(site.boards.get(slug)?.size).toBe(3);
});

it('finds the things of its own topic only, and lets viewers change nothing', async () => {
  const [made, other] = [await makeTopic(site), await makeTopic(site)];
  const tea = await thingId(site, made, 'Tea');
  for (const path of [`/things/${tea}`, `/things/x`])
    await other.browser.get(other.manage + path).expect(404);
  for (const act of ['', '/retire', '/restore', '/merge', '/unmerge'])
    await other.browser
      .post(`${other.manage}/things/${tea}${act}`)
      .type('form')
      .send({ name: 'x', into: 'Pie' })
      .expect(404);
  const viewer = await member(site);
  await site.db
    .insertInto('topicRoles')
    .values({ topicId: made.id, userId: viewer.id, role: 'viewer' })
    .execute();
  await viewer.browser.get(`${made.manage}/things/${tea}`).expect(200);
  await viewer.browser.post(`${made.manage}/things/${tea}/retire`).expect(403);
  await viewer.browser.get(`${made.manage}/things/new`).expect(403);
});
