import { CONFUSABLES } from './confusables.js';

/**
 * What a name looks like: names that people can't tell apart by eye have the same skeleton. It is for comparing
 * only, never for showing (UTS #39, section 4, "Confusable Detection").
 * @param name in NFKC
 */
export function usernameSkeleton(name: string): string {
  // Names that differ in case only are the same name, so the look of what is left is taken in lower case again.
  return skeletonOf(skeletonOf(name).toLowerCase());
}

const characters = (codes: string): string =>
  codes.replace(/([0-9A-F]+)\+?/g, (_all, code: string) => String.fromCodePoint(Number.parseInt(code, 16)));

const looks = new Map(
  CONFUSABLES.trim()
    .split(/\s+/)
    .map((entry) => {
      const [source = '', target = ''] = entry.split('=');
      return [characters(source), characters(target)];
    }),
);

function skeletonOf(text: string): string {
  const look = Array.from(text.normalize('NFD'), (character) => looks.get(character) ?? character).join('');
  // A dot on a letter that has one can't be seen (UTS #39, section 5.4).
  return look.normalize('NFD').replace(/(\p{Soft_Dotted}\p{Mn}*?)\u0307/gu, '$1');
}
