import { normalForm } from '../../normal-form.js';
import { usernameSkeleton } from './skeletons.js';

/**
 * What is wrong with a name that somebody wants to register with; undefined when it will do. People who have a name
 * already keep it, whatever this says of it.
 * @param name in NFKC, without spaces around it
 */
export function checkUsername(name: string): string | undefined {
  const length = [...name].length;
  if (length === 0) return 'Choose a name. It is public, and you log in with it.';
  if (length < 2 || length > 30) return 'A name has 2 to 30 characters.';
  if (!isUsername(name)) return 'A name is made of letters, digits, dots, hyphens and underscores.';
  if (isReserved(name)) return 'This name is reserved. Try another.';
  if (!isOfOneAlphabet(name)) return 'Use letters of one alphabet that is in use today.';
  if (hasStackedMarks(name)) return 'Use fewer marks above and below the letters.';
  return undefined;
}

/** Whether a text can be somebody's name at all: letters, marks, digits and `_.-`, all of which can be seen. */
export function isUsername(name: string): boolean {
  return (
    /^[\p{L}\p{M}\p{N}_.-]+$/u.test(name) &&
    /[\p{L}\p{N}]/u.test(name) &&
    !/\p{Default_Ignorable_Code_Point}/u.test(name)
  );
}

/** A name as people log in with it: NFKC, and in any case. */
export function usernameKey(name: string): string {
  return normalForm(name, 'NFKC').toLowerCase();
}

const PRODUCT = 'thinga';

// Who runs a site.
const ROLES = words(
  `${PRODUCT} admin admins administrator moderator moderators sysadmin staff official support`,
);

// What else stands for a site, its mailboxes (RFC 2142), and what stands for nobody.
const RESERVED = words(`mod mods operator owner team help contact info security abuse system root webmaster
  postmaster hostmaster noreply guest anonymous null undefined`);

// No role is a name, nor a part of one between dots, hyphens or underscores; no other reserved word is a whole name.
// Marks and the digits at the end don't count.
function isReserved(name: string): boolean {
  const whole = looksOf(name);
  const parts = name.split(/[_.-]/).flatMap(looksOf);
  return (
    [...whole, ...parts].some((look) => ROLES.has(look)) ||
    whole.some((look) => RESERVED.has(look) || look.startsWith(looksAsReserved(PRODUCT)))
  );
}

function looksOf(text: string): string[] {
  const plain = text.normalize('NFD').replace(/[^\p{L}\p{N}]/gu, '');
  return [plain, plain.replace(/\p{N}+$/u, '')].map(looksAsReserved);
}

// In capitals i looks like l and 1, so a reserved word is reserved with any of them.
function looksAsReserved(word: string): string {
  return usernameSkeleton(usernameSkeleton(word).toUpperCase());
}

function words(list: string): Set<string> {
  return new Set(list.split(/\s+/).map(looksAsReserved));
}

// The scripts in use today: "Recommended" and "Limited Use" in UAX #31, tables 5 and 7, and Mongolian.
const SCRIPTS =
  `Arabic Armenian Bengali Bopomofo Cyrillic Devanagari Ethiopic Georgian Greek Gujarati Gurmukhi Han
  Hangul Hebrew Hiragana Kannada Katakana Khmer Lao Latin Malayalam Myanmar Oriya Sinhala Tamil Telugu Thaana Thai
  Tibetan Adlam Balinese Bamum Batak Canadian_Aboriginal Chakma Cham Cherokee Hanifi_Rohingya Javanese Kayah_Li
  Lepcha Limbu Lisu Mandaic Meetei_Mayek Miao Mongolian New_Tai_Lue Newa Nko Nyiakeng_Puachue_Hmong Ol_Chiki Osage
  Saurashtra Sundanese Syloti_Nagri Syriac Tai_Le Tai_Tham Tai_Viet Tifinagh Vai Wancho Yi`.split(/\s+/);

// UTS #39, section 5.2, "Highly Restrictive": one script, or what Japanese, Chinese and Korean are written with.
const ALPHABETS = [
  ...SCRIPTS.map((script) => [script]),
  ['Latin', 'Han', 'Hiragana', 'Katakana'],
  ['Latin', 'Han', 'Bopomofo'],
  ['Latin', 'Han', 'Hangul'],
].map((scripts) => {
  const letters = ['Common', 'Inherited', ...scripts].map((script) => `\\p{Script_Extensions=${script}}`);
  return new RegExp(`^[${letters.join('')}]+$`, 'u');
});

function isOfOneAlphabet(name: string): boolean {
  return ALPHABETS.some((alphabet) => alphabet.test(name)) && ![...name].some(isPhonetic);
}

// Small letters without a capital, such as ᴀ and ʍ, write sounds, not names ("Technical" in UTS #39, table 1).
function isPhonetic(letter: string): boolean {
  return /\p{Ll}/u.test(letter) && letter.toUpperCase() === letter;
}

// UTS #39, section 5.4: no more than four marks in a row, and none of them twice.
function hasStackedMarks(name: string): boolean {
  return /[\p{Mn}\p{Me}]{5}|([\p{Mn}\p{Me}])[\p{Mn}\p{Me}]*\1/u.test(name.normalize('NFD'));
}
