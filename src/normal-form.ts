/**
 * Converts text to a Unicode normal form: NFC, or NFKC to unify look-alikes as well. Text with more than 30
 * marks on one letter stays as it is. No language has that (UAX #15, Stream-Safe Text Format), and the time
 * to order marks grows with the square of their number.
 */
export function normalForm(text: string, form: 'NFC' | 'NFKC'): string {
  return MANY_MARKS.test(text) ? text : text.normalize(form);
}

// The last two characters are letters, and NFKC makes marks of them.
const MANY_MARKS = /[\p{M}\uFF9E\uFF9F]{31}/u;
