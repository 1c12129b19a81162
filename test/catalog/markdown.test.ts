import { load } from 'cheerio';
import { expect, it } from 'vitest';
import { renderMarkdown } from '../../src/catalog/markdown.js';

it('renders the usual Markdown', () => {
  expect(renderMarkdown('One *two* **three** `four`\n\n- a\n- b\n\n> quote')).toBe(
    '<p>One <em>two</em> <strong>three</strong> <code>four</code></p>\n<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n' +
      '<blockquote>\n<p>quote</p>\n</blockquote>',
  );
  expect(renderMarkdown('[here](https://example.org/?a=1&b=2)')).toBe(
    '<p><a href="https://example.org/?a=1&#x26;b=2" rel="noopener noreferrer nofollow ugc">here</a></p>',
  );
});

it('puts headings below that of the thing, and leaves out no level', () => {
  expect(renderMarkdown('# A\n\n### B\n\n## C\n\n# D\n\n> # E')).toBe(
    '<h3>A</h3>\n<h4>B</h4>\n<h4>C</h4>\n<h3>D</h3>\n<blockquote>\n<p>E</p>\n</blockquote>',
  );
});

it.each([
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '![x](https://example.org/track.png)',
  '[x](javascript:alert(1))',
  '[x](JaVaScRiPt:alert(1))',
  '[x](data:text/html;base64,PHNjcmlwdD4=)',
  '[x](vbscript:x)',
  '<a href="javascript:alert(1)" onclick="x">x</a>',
  '<iframe src="https://example.org"></iframe>',
  '<svg onload=alert(1)>',
  '<https://example.org/"onmouseover="x>',
  '[x](https://example.org "title\\" onmouseover=\\"alert(1)")',
  '<style>*{display:none}</style>',
  '```"><script>\nalert(1)\n```',
])('leaves out what could run, load or look like the site: %s', (text) => {
  const html = renderMarkdown(text);
  const $ = load(html, null, false);
  for (const element of $('*').toArray()) {
    expect($(element).is('p, pre, code, a, strong, em')).toBe(true);
    const attributes = $(element).attr() ?? {};
    expect(['href', 'rel']).toEqual(expect.arrayContaining(Object.keys(attributes)));
    expect(attributes.href ?? 'https://').toMatch(/^https:\/\//);
  }
});

it.each([
  ['brackets', '['.repeat(20_000)],
  ['nested quotes', '> '.repeat(10_000)],
  ['nested lists', '- '.repeat(10_000)],
  ['stars', '*a **a '.repeat(2_800)],
  ['underscores', '_a'.repeat(10_000)],
  ['links', '[a]('.repeat(5_000)],
  ['backticks', Array.from({ length: 190 }, (_, index) => '`'.repeat(index)).join(' ')],
  ['entities', '&'.repeat(20_000)],
  ['references', '[a]: x\n'.repeat(2_800)],
  ['angles', '<'.repeat(20_000)],
  ['html', '<a '.repeat(6_000)],
  ['strong', `${'**a'.repeat(3_000)}${'a**'.repeat(3_000)}`],
  ['quoted lines', '> a\n\n'.repeat(4_000)],
  ['prose', 'The quick *brown* fox, and a [link](https://example.org). '.repeat(340)],
])('takes little time for any text: %s', (name, text) => {
  const before = performance.now();
  renderMarkdown(text.slice(0, 20_000));
  const ms = performance.now() - before;
  // On an idle machine these take under 0.2 seconds.
  expect(ms, name).toBeLessThan(5_000);
});
