/**
 * Makes a part of an address of a text: small letters and digits, with hyphens between words.
 * @param maxLength the most characters
 */
export function slugOf(text: string, maxLength: number): string {
  const plain = text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
  const slug = plain.replace(/[^a-z0-9]+/g, '-').slice(0, maxLength);
  return slug.replace(/^-|-$/g, '') || 'topic';
}
