/**
 * Writes in one way what keyboards compose in several (Unicode's NFC, or NFKC for look-alikes as well). Text with more
 * than 30 marks on one letter stays as it is: no language has that (UAX #15, Stream-Safe Text Format), and to put
 * marks in order takes the square of their number.
 */
export function normalForm(text: string, form: 'NFC' | 'NFKC'): string {
  return MANY_MARKS.test(text) ? text : text.normalize(form);
}

// The last two are letters by themselves, and marks in NFKC.
const MANY_MARKS = /[\p{M}\uFF9E\uFF9F]{31}/u;
