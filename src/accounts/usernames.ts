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
