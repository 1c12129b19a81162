// Writes docs/licences.md: what an installed site consists of, and under which licences, from package-lock.json.
// With --check, it only tells whether the file is up to date, and ends with 1 when it is not.

import { readFileSync, writeFileSync } from 'node:fs';

const FILE = new URL('../docs/licences.md', import.meta.url);

// A licence that is not here needs somebody to read it. MPL-2.0 and LGPL-3.0 ask that their own files stay open, and
// those are used as they are. The package of the DejaVu fonts points to the licence of Bitstream Vera, which allows all.
const ACCEPTED = [
  ...[
    'MIT',
    'MIT-0',
    'ISC',
    '0BSD',
    'BSD-0-Clause',
    'BSD-2-Clause',
    'BSD-3-Clause',
    'BlueOak-1.0.0',
    'PSF-2.0',
  ],
  ...['Apache-2.0', 'MPL-2.0', 'LGPL-3.0-or-later', 'OFL-1.1'],
];
const READ_BY_HAND = { 'dejavu-fonts-ttf': 'Bitstream-Vera' };

const lock = JSON.parse(readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8'));
const packages = Object.entries(lock.packages)
  .filter(([path, { dev }]) => path !== '' && !dev)
  .map(([path, { version, license = 'unknown' }]) => {
    const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
    return { name, version, licence: READ_BY_HAND[name] ?? license };
  });

const refused = packages.filter(
  ({ name, licence }) =>
    !(name in READ_BY_HAND) && !licence.split(' AND ').every((part) => ACCEPTED.includes(part)),
);
if (refused.length > 0) {
  const lines = refused.map(({ name, licence }) => `${name}: ${licence}`);
  console.error(`Read these licences, and then add them to scripts/licences.mjs:\n${lines.join('\n')}`);
  process.exit(1);
}

const rows = [
  ...new Set(packages.map(({ name, version, licence }) => `| ${name} | ${version} | ${licence} |`)),
];
const text = `# Licences

Thinga itself has the licence in [LICENSE](../LICENSE). An installed site also has these packages. Those for another
operating system are listed too, and not installed. \`npm run licences\` writes this list. \`npm run sbom\` writes the
same as CycloneDX into \`sbom.json\`, with the hash of each package. The table of look-alike characters in
\`src/auth/users/confusables.ts\` has Unicode's licence, which stands there.

| package | version | licence |
|---|---|---|
${rows.sort().join('\n')}
`;

if (!process.argv.includes('--check')) writeFileSync(FILE, text);
else if (readFileSync(FILE, 'utf8') !== text) {
  console.error('docs/licences.md is out of date: run npm run licences.');
  process.exit(1);
}
