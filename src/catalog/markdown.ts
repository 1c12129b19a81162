import { fromHtml } from 'hast-util-from-html';
import { defaultSchema, type Schema, sanitize } from 'hast-util-sanitize';
import { toHtml } from 'hast-util-to-html';
import { LRUCache } from 'lru-cache';
import MarkdownIt from 'markdown-it';

declare const sanitized: unique symbol;

/** HTML that only `renderMarkdown` makes. A template prints it as it is. */
export type SanitizedHtml = string & { readonly [sanitized]: true };

// HTML in a text is shown as text. Pictures of other sites would tell them who reads it.
const parser = new MarkdownIt('commonmark', { html: false }).disable('image');

/** What is left of the HTML, in case that the parser has a hole. */
const ALLOWED: Schema = {
  ...defaultSchema,
  tagNames: [
    ...['p', 'br', 'hr', 'strong', 'em', 'code', 'pre', 'blockquote', 'ul', 'ol', 'li', 'a'],
    ...['h3', 'h4', 'h5', 'h6'],
  ],
  attributes: { a: ['href', 'rel'], ol: ['start'] },
  protocols: { href: ['http', 'https', 'mailto'] },
};

/** A text is rendered for each of its readers, and a long one takes many milliseconds. */
const rendered = new LRUCache<string, SanitizedHtml>({
  maxSize: 20_000_000,
  sizeCalculation: (html, text) => html.length + text.length,
});

/**
 * Turns Markdown (CommonMark) into HTML without anything that could run or load.
 * @param text up to 20,000 characters
 */
export function renderMarkdown(text: string): SanitizedHtml {
  const known = rendered.get(text);
  if (known !== undefined) return known;
  const tree = fromHtml(parser.render(text), { fragment: true });
  moveHeadings(tree);
  markLinks(tree);
  const html = toHtml(sanitize(tree, ALLOWED)).trim() as SanitizedHtml;
  if (text !== '') rendered.set(text, html);
  return html;
}

type Root = ReturnType<typeof fromHtml>;
type Node = Root | Root['children'][number];

const HEADING = /^h([1-6])$/;

/** The heading above a text is that of its thing, of the second level. */
const LEVEL_ABOVE = 2;

/** Moves headings below the one above the text, so that no level is left out. */
function moveHeadings(tree: Root): void {
  let open: number[] = [];
  for (const child of tree.children) {
    const level = child.type === 'element' ? Number(HEADING.exec(child.tagName)?.[1]) : 0;
    if (child.type !== 'element' || !level) continue;
    open = [...open.filter((above) => above < level), level];
    child.tagName = `h${Math.min(LEVEL_ABOVE + open.length, 6)}`;
  }
}

/** Says of each link that a stranger made it, and takes headings out of quotes and lists, where they would leave out levels. */
function markLinks(node: Node): void {
  if (!('children' in node)) return;
  for (const child of node.children) {
    if (child.type !== 'element') continue;
    if (child.tagName === 'a')
      child.properties = { href: child.properties.href, rel: ['noopener', 'noreferrer', 'nofollow', 'ugc'] };
    if (node.type === 'element' && HEADING.test(child.tagName)) child.tagName = 'p';
    markLinks(child);
  }
}
