import { normalForm } from '../../normal-form.js';
import { usernameSkeleton } from './skeletons.js';

/**
 * Says what is wrong with a new user name; undefined when it is acceptable. It is not asked about existing
 * names.
 * @param name in NFKC, without spaces around it
 */
export function checkUsername(name: string): string | undefined {
  const length = [...name].length;
  if (length === 0) return 'Choose a name. You log in with it.';
  if (length < 2 || length > 30) return 'Use 2 to 30 characters.';
  if (!isUsername(name)) return 'Use only letters, digits, dots, hyphens and underscores.';
  if (isReserved(name)) return 'This name is reserved. Try another.';
  if (!usesOneAlphabet(name)) return 'Use letters from one alphabet that is in use today.';
  if (hasStackedMarks(name)) return 'Use fewer marks above and below the letters.';
  return undefined;
}

/**
 * Whether a text has only characters of a user name: letters, marks, digits and `_.-`, none of them
 * invisible.
 */
export function isUsername(name: string): boolean {
  return (
    /^[\p{L}\p{M}\p{N}_.-]+$/u.test(name) &&
    /[\p{L}\p{N}]/u.test(name) &&
    !/\p{Default_Ignorable_Code_Point}/u.test(name)
  );
}

/** A user name as it is compared: in NFKC and lower case. */
export function usernameKey(name: string): string {
  return normalForm(name, 'NFKC').toLowerCase();
}

const PRODUCT = 'thinga';

// Roles of people who run a site.
const ROLES = reservedSkeletons(
  `${PRODUCT} admin admins administrator moderator moderators sysadmin staff official support`,
);

// Other words for a site, its mailboxes (RFC 2142), and words for nobody.
const RESERVED = reservedSkeletons(
  `mod mods operator owner team help contact info security abuse system root webmaster postmaster hostmaster noreply
  guest anonymous null undefined`,
);

function reservedSkeletons(words: string): Set<string> {
  return new Set(words.split(/\s+/).map(capitalSkeleton));
}

// Capital I looks like l and 1, so a reserved word is also reserved with those.
function capitalSkeleton(word: string): string {
  return usernameSkeleton(usernameSkeleton(word).toUpperCase());
}

// A role is neither a name nor a part of a name between dots, hyphens or underscores. Other reserved words
// may be parts of a name. No name starts with the product's name. Marks and punctuation are ignored, and so are
// digits at the end.
function isReserved(name: string): boolean {
  const whole = skeletonsWithoutMarks(name);
  const parts = name.split(/[_.-]/).flatMap(skeletonsWithoutMarks);
  return (
    [...whole, ...parts].some((skeleton) => ROLES.has(skeleton)) ||
    whole.some((skeleton) => RESERVED.has(skeleton) || skeleton.startsWith(capitalSkeleton(PRODUCT)))
  );
}

// With the digits at the end, and without.
function skeletonsWithoutMarks(text: string): string[] {
  const plain = text.normalize('NFD').replace(/[^\p{L}\p{N}]/gu, '');
  return [plain, plain.replace(/\p{N}+$/u, '')].map(capitalSkeleton);
}

// The scripts in use today: "Recommended" and "Limited Use" in UAX #31, tables 5 and 7, and Mongolian.
const SCRIPTS =
  `Arabic Armenian Bengali Bopomofo Cyrillic Devanagari Ethiopic Georgian Greek Gujarati Gurmukhi Han
  Hangul Hebrew Hiragana Kannada Katakana Khmer Lao Latin Malayalam Myanmar Oriya Sinhala Tamil Telugu Thaana Thai
  Tibetan Adlam Balinese Bamum Batak Canadian_Aboriginal Chakma Cham Cherokee Hanifi_Rohingya Javanese Kayah_Li
  Lepcha Limbu Lisu Mandaic Meetei_Mayek Miao Mongolian New_Tai_Lue Newa Nko Nyiakeng_Puachue_Hmong Ol_Chiki Osage
  Saurashtra Sundanese Syloti_Nagri Syriac Tai_Le Tai_Tham Tai_Viet Tifinagh Vai Wancho Yi`.split(/\s+/);

// UTS #39, section 5.2, "Highly Restrictive": one script, or the scripts of Japanese, Chinese or Korean with
// Latin.
const ALPHABETS = [
  ...SCRIPTS.map((script) => [script]),
  ['Latin', 'Han', 'Hiragana', 'Katakana'],
  ['Latin', 'Han', 'Bopomofo'],
  ['Latin', 'Han', 'Hangul'],
].map((scripts) => {
  const letters = ['Common', 'Inherited', ...scripts].map((script) => `\\p{Script_Extensions=${script}}`);
  return new RegExp(`^[${letters.join('')}]+$`, 'u');
});

function usesOneAlphabet(name: string): boolean {
  return ALPHABETS.some((alphabet) => alphabet.test(name)) && ![...name].some(isPhonetic);
}

// Small letters without a capital, such as ᴀ and ʍ, stand for sounds and not for names ("Technical" in UTS
// #39, table 1).
function isPhonetic(letter: string): boolean {
  return /\p{Ll}/u.test(letter) && letter.toUpperCase() === letter;
}

// UTS #39, section 5.4: at most four marks in a row, and none of them twice.
function hasStackedMarks(name: string): boolean {
  return /[\p{Mn}\p{Me}]{5}|([\p{Mn}\p{Me}])[\p{Mn}\p{Me}]*\1/u.test(name.normalize('NFD'));
}
