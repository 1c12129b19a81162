import { expect, it } from 'vitest';
import { member, read, type Site, useSite, visit } from '../../site.js';

const site = useSite({ trustProxy: 1 });
const password = 'a long enough phrase';

const RESERVED = 'This name is reserved. Try another.';
const ALPHABETS = 'Use letters from one alphabet that is in use today.';
const STACKED_MARKS = 'Use fewer marks above and below the letters.';
const LOOKALIKE = 'This name looks like one that is taken. Try another.';

const register = (username: string, at: Site = site) =>
  visit(at).post('/register').type('form').send({ username, password });

const logIn = (username: string, at: Site = site) =>
  visit(at).post('/login').type('form').send({ username, password });

async function expectRefusal(username: string, message: string, at: Site = site): Promise<void> {
  const answer = await register(username, at);
  const $ = read(answer.text);
  expect([username, answer.status, $('#username-error').text()]).toEqual([username, 422, message]);
  expect($('#username').attr('aria-describedby')).toBe('username-error');
  expect($('#username').val()).toBe(username);
}

it.each([
  ['Latin', 'Zoë Łukasz Þórður Çağlar Işıl İrem Nguyễn_Thị_Ệ Ɔkɛ ǃxau José.García Žofie-2'],
  ['Cyrillic', 'Наталія Ђорђе Ґалаґан Ҡазан'],
  ['Greek', 'Ελένη Ἀριστοτέλης ᾧτινι'],
  ['Armenian and Georgian', 'Գևորգ გიორგი'],
  ['Hebrew, also with points', 'דוד דָּוִד שָׁלוֹם מְנַחֵם יִשְׂרָאֵל'],
  ['Arabic, also with vowel signs', 'محمد مُحَمَّد فاطِمَة عَبْدُ_اللّٰه گلنار عائشة سارا2'],
  ['scripts of India', 'प्रियंका ज़ूँबी श्रीमती অনির্বাণ ਗੁਰਪ੍ਰੀਤ હિતેશ ଓଡ଼ିଆ தமிழ்ச்செல்வி శ్రీనివాస్ ಕೃಷ್ಣ സൗമ്യ'],
  ['scripts of South East Asia', 'น้ำฝน กิตติศักดิ์ ปิ่น ສົມຊາຍ ကျွန်ုပ် မြို့ ស្រីមុំ නිමල් བསྟན.འཛིན'],
  ['Chinese', '王小明 ㄇㄚㄇㄚ 王wang'],
  ['Japanese', '山田太郎 佐々木 さくら サクラ ターナー 山田さくら Ken太郎'],
  ['Korean', '김민준 金민준 박Kim'],
  ['scripts of fewer people', 'አበበ ᏣᎳᎩ ⴰⵎⴰⵣⵉⵖ ߒߞߏ 𞤀𞤣𞤤𞤢𞤥 އަޙްމަދު'],
])('accepts real names in %s', async (_script, names) => {
  for (const name of names.split(' ')) {
    expect([name, (await register(name)).status]).toEqual([name, 303]);
    // Some keyboards send letters and marks separately.
    expect([name, (await logIn(name.normalize('NFD'))).status]).toEqual([name, 303]);
  }
});

it('accepts names that only contain a reserved word, and the name of the demo user', async () => {
  for (const name of [
    'Modesta',
    'adminton',
    'supporter',
    'teamwork',
    'Rooty',
    'once.a.guest',
    'every.thing',
    '1984',
    'demo',
  ])
    expect([name, (await register(name)).status]).toEqual([name, 303]);
});

it.each([
  ['a reserved word', 'admin Moderator ROOT support staff system noreply null undefined webmaster guest'],
  ['the name of the site', 'thinga Thinga2 thinga-team thingaSupport my.thinga'],
  [
    'a reserved word with other characters around it',
    'admin1 a.d.m.i.n _admin_ no-reply the.admin site-admin mod_007 Support.2',
  ],
  [
    'a reserved word in look-alike letters',
    'аdmin аdmіn ѕuрроrt rооt αdmin Αdmin ⓐdmin adm1n AdmIn r00t thlnga',
  ],
  ['a reserved word with marks', 'ádmin admiṇ a\u0336d\u0336m\u0336i\u0336n\u0336'],
])('refuses a reserved name: %s', async (_case, names) => {
  for (const name of names.split(' ')) await expectRefusal(name, RESERVED);
});

it('refuses letters of several alphabets in one name', async () => {
  const names = 'Сarla pаypаl Αlpha ИванIvan Ελένηa 山田Иван 김さくら さくらㄇㄚ דvid 𐌰𐌽𐌽𐌰 ᴄᴀʀʟᴀ';
  for (const name of names.split(' ')) await expectRefusal(name, ALPHABETS);
});

it.each([
  ['five marks on a letter', 'Zara\u0301\u0302\u0303\u0304\u0306'],
  ['strokes and a circle', 'Zara\u0335\u0336\u0337\u0338\u20dd'],
  ['as many marks as fit', `e${'\u0301\u0323\u0330\u0306'.repeat(7)}`],
  ['a mark twice', 'Zara\u0323\u0323'],
  ['a mark twice, once in the letter', 'Zar\u00e1\u0301'],
  ['a Thai tone mark twice', 'ก่่อน'],
])('refuses stacked marks: %s', async (_case, name) => {
  await expectRefusal(name, STACKED_MARKS);
});

it.each([
  ['Paul', ['PauI', 'pau1', 'PAUI']],
  ['scope', ['\u0455\u0441\u043e\u0440\u0435', 'sc0pe']],
  ['Bobmark', ['Bobrnark', 'B0bmark']],
  ['HANNA', ['\u0397\u0391\u039d\u039d\u0391']],
  ['istanbul', ['i\u0307stanbul']],
  ['ᎳᎳ', ['WW']],
])('refuses a name that looks like %s', async (name, lookalikes) => {
  await member(site, { username: name, password });
  for (const lookalike of lookalikes) await expectRefusal(lookalike, LOOKALIKE);
});

it('accepts names that are similar but look different', async () => {
  for (const name of ['Neil', 'Nell', 'Ren\u00e9', 'Rene', 'Ali', 'all', 'Mila', 'Milla'])
    expect([name, (await register(name)).status]).toEqual([name, 303]);
});

it('gives only one of several look-alike names that are registered at once', async () => {
  const answers = await Promise.all(
    ['Lilli', 'LiIIi', 'Li11i', 'LilIi', 'Li1li'].map((name) => register(name)),
  );
  expect(answers.map(({ status }) => status).sort()).toEqual([303, 422, 422, 422, 422]);
});

it('allows look-alikes of a name after its account was closed', async () => {
  const { browser } = await member(site, { username: 'Wilma', password });
  await expectRefusal('WiIma', LOOKALIKE);
  const page = await browser.get('/profile/close').expect(200);
  const person = String(read(page.text)('[name=person]').val());
  await browser.post('/profile/close').type('form').send({ votes: 'keep', person }).expect(303);
  await member(site, { username: 'WiIma', password });
});
