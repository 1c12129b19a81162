import { CONFUSABLES } from './confusables.js';

/**
 * The skeleton of a user name: names that look alike have the same skeleton. It is for comparing only, never
 * for showing (UTS #39, section 4, "Confusable Detection").
 * @param name in NFKC
 */
export function usernameSkeleton(name: string): string {
  // Names that differ only in case are the same name, so the skeleton is taken again in lower case.
  return skeletonOf(skeletonOf(name).toLowerCase());
}

const parseCodePoints = (codes: string): string =>
  codes.replace(/([0-9A-F]+)\+?/g, (_all, code: string) => String.fromCodePoint(Number.parseInt(code, 16)));

const confusables = new Map(
  CONFUSABLES.trim()
    .split(/\s+/)
    .map((entry) => {
      const [source = '', target = ''] = entry.split('=');
      return [parseCodePoints(source), parseCodePoints(target)];
    }),
);

function skeletonOf(text: string): string {
  const replaced = Array.from(text.normalize('NFD'), (character) => confusables.get(character) ?? character);
  // A second dot on a letter that has a dot is invisible (UTS #39, section 5.4).
  return replaced
    .join('')
    .normalize('NFD')
    .replace(/(\p{Soft_Dotted}\p{Mn}*?)\u0307/gu, '$1');
}
