import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { root } from '../../src/config.js';
import { contrastOf, GROUNDS, LEAST_CONTRAST, readableColor, USUAL_COLORS } from '../../src/site/contrast.js';

const SCHEMES = ['light', 'dark'] as const;

it('has the colours of tokens.css', () => {
  const css = readFileSync(join(root, 'public/styles/tokens.css'), 'utf8');
  const token = (name: string) =>
    new RegExp(`--${name}: light-dark\\((#\\w+), (#\\w+)\\)`).exec(css)?.slice(1);
  const known = (read: (scheme: 'light' | 'dark') => string | undefined) => SCHEMES.map(read);
  expect(token('accent')).toEqual(known((scheme) => USUAL_COLORS[scheme]));
  expect(token('on-accent')).toEqual(known((scheme) => GROUNDS[scheme].text));
  for (const [index, name] of ['paper', 'card', 'raised'].entries())
    expect([name, token(name)]).toEqual([name, known((scheme) => GROUNDS[scheme].grounds[index])]);
});

it('finds the usual colours readable, and a readable one for each other colour', () => {
  for (const scheme of SCHEMES) {
    expect(contrastOf(USUAL_COLORS[scheme], scheme)).toBeGreaterThanOrEqual(LEAST_CONTRAST);
    for (const color of ['#000000', '#ffffff', '#ff0000', '#00ff00', '#0000ff', '#ffd700', '#808080'])
      expect(contrastOf(readableColor(color, scheme), scheme)).toBeGreaterThanOrEqual(LEAST_CONTRAST);
  }
});
