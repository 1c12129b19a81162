import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { root } from '../src/config.js';

const run = promisify(execFile);
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const { dependencies, devDependencies, scripts } = JSON.parse(read('package.json')) as Record<
  'dependencies' | 'devDependencies' | 'scripts',
  Record<string, string>
>;
const lock = JSON.parse(read('package-lock.json')) as {
  packages: Record<string, { version?: string; resolved?: string; integrity?: string; dev?: boolean }>;
};

it('names one version of each package, the one in the lock file', () => {
  for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies })) {
    expect([name, version]).toEqual([name, expect.stringMatching(/^\d+\.\d+\.\d+$/)]);
    expect([name, lock.packages[`node_modules/${name}`]?.version]).toEqual([name, version]);
  }
});

it('takes each package by its hash, from whatever registry', () => {
  for (const [path, { resolved, integrity }] of Object.entries(lock.packages).filter(([path]) => path !== ''))
    expect([path, resolved, integrity]).toEqual([path, undefined, expect.stringMatching(/^sha512-/)]);
});

it('lists the licence of each package of an installed site', async () => {
  await run(process.execPath, [join(root, 'scripts/licences.mjs'), '--check']);
});

it('writes a list of its components in CycloneDX', async () => {
  const [program = '', ...args] = scripts.sbom?.replace(/ > .*/, '').split(' ') ?? [];
  const { stdout } = await run(program, args, { cwd: root, maxBuffer: 10e6 });
  const { bomFormat, components } = JSON.parse(stdout) as {
    bomFormat: string;
    components: { name: string; group?: string; version: string }[];
  };
  expect(bomFormat).toBe('CycloneDX');
  const listed = components.map(({ name, version }) => `${name}@${version}`);
  for (const [name, version] of Object.entries(dependencies)) expect(listed).toContain(`${name}@${version}`);
});

it('runs the image read-only, as a user who may nothing else', () => {
  expect(read('Dockerfile')).toMatch(/^USER node$/m);
  const [, app = ''] = /^ {2}app: &app\n(.*?)\n\n/ms.exec(read('docker-compose.yml')) ?? [];
  for (const setting of ['read_only: true', 'user: node', 'no-new-privileges:true', 'cap_drop:', '- ALL'])
    expect(app).toContain(setting);
  expect(app).not.toContain('volumes:');
});

it('puts into the image only what an installed site needs: no tests, no history, no tools', () => {
  const [, build = '', image = ''] = read('Dockerfile').split(/^FROM /m);
  expect([...image.matchAll(/^COPY (?:--from=build )?(\S+)/gm)].map(([, path]) => path)).toEqual([
    ...['package.json', '/app/node_modules', '/app/dist'],
    ...['src/catalog/seed', 'views', 'public'],
  ]);
  expect(build).toContain('npm prune --omit=dev');
  expect([...build.matchAll(/^COPY (.+)$/gm)].map(([, paths]) => paths)).toEqual([
    ...['package.json package-lock.json ./', 'tsconfig.json ./', 'src ./src', 'migrations ./migrations'],
  ]);
});

it.each(['docs/security.md', 'docs/asvs.md'])('names only tests that exist in %s', (file) => {
  const named = [...read(file).matchAll(/`([\w./-]+\.test\.ts)`/g)].map(([, path = '']) => path);
  expect(named.length).toBeGreaterThan(0);
  expect(named.filter((path) => !existsSync(join(root, 'test', path)))).toEqual([]);
});
