/** A text with names in it. A page isolates each name, because it may be written from right to left. */
export type Words = (string | { name: string })[];
