import { expect, it } from 'vitest';
import { read, useSite, visit } from '../site.js';

const development = useSite();
const production = useSite({ production: true });

it('shows each component in both colour schemes in development', async () => {
  const $ = read((await visit(development).get('/dev/components').expect(200)).text);
  for (const scheme of ['.light', '.dark'])
    for (const component of [
      'button',
      '.field .error',
      '.duel',
      '.board tr',
      '.votes-bar',
      '.flash',
      'dialog',
      '.stop',
      '.note-field',
      '.podium .tile',
      '.topic .leaders',
      '.ranks .distance',
      '.recovery .code',
      'details .qr',
      '.sheet li .qr',
      '.steps [aria-current]',
      '.judges li',
      '.screen .standings tr',
    ])
      expect($(`${scheme} ${component}`).length, `${scheme} ${component}`).toBeGreaterThan(0);
});

it('has no page of components in production', async () => {
  await visit(production).get('/dev/components').expect(404);
});
