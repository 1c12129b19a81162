/** The two looks of every page: light and dark. */
export type Scheme = 'light' | 'dark';

/** The usual colour of what can be pressed, `--accent` of tokens.css. */
export const USUAL_COLORS: Record<Scheme, string> = { light: '#4f39d8', dark: '#b4a5ff' };

/** The colours of tokens.css that the accent stands on (`--paper`, `--card`, `--raised`), and the text that stands on it. */
export const GROUNDS: Record<Scheme, { grounds: [paper: string, ...string[]]; text: string }> = {
  light: { grounds: ['#fbf8f3', '#ffffff', '#f3eee6'], text: '#ffffff' },
  dark: { grounds: ['#15131c', '#1f1c2a', '#2a2638'], text: '#1b1533' },
};

/** Text needs this contrast (WCAG 2.2, 1.4.3). */
export const LEAST_CONTRAST = 4.5;

const SOFT_SHARE: Record<Scheme, number> = { light: 0.1, dark: 0.14 };

/** Whether a text is a colour of six digits, such as `#4f39d8`. */
export const isColor = (text: string): boolean => /^#[0-9a-f]{6}$/.test(text);

/** The least contrast of an accent with all that it stands on, and that stands on it, from 1 to 21. */
export function contrastOf(color: string, scheme: Scheme): number {
  const { grounds, text } = GROUNDS[scheme];
  return Math.min(...[...grounds, text, softOf(color, scheme)].map((other) => contrast(color, other)));
}

/** The background of what is chosen: a little of the accent on the page. */
export const softOf = (color: string, scheme: Scheme): string =>
  mix(GROUNDS[scheme].grounds[0], color, SOFT_SHARE[scheme]);

/** The colour most like another one that has enough contrast. */
export function readableColor(color: string, scheme: Scheme): string {
  const end = scheme === 'light' ? '#000000' : '#ffffff';
  for (let share = 0; share < 1; share += 0.02) {
    const mixed = mix(color, end, share);
    if (contrastOf(mixed, scheme) >= LEAST_CONTRAST) return mixed;
  }
  return USUAL_COLORS[scheme];
}

/** The contrast of two colours by WCAG 2.2, from 1 to 21. */
function contrast(one: string, other: string): number {
  const [darker = 0, lighter = 0] = [luminanceOf(one), luminanceOf(other)].sort((a, b) => a - b);
  return (lighter + 0.05) / (darker + 0.05);
}

function luminanceOf(color: string): number {
  const [red = 0, green = 0, blue = 0] = channelsOf(color).map((channel) => {
    const value = channel / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

const channelsOf = (color: string): number[] =>
  [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16));

/** Mixes two colours. @param share of the second one, from 0 to 1 */
function mix(one: string, other: string, share: number): string {
  const [from, to] = [channelsOf(one), channelsOf(other)];
  const channels = from.map((channel, index) => Math.round(channel + ((to[index] ?? 0) - channel) * share));
  return `#${channels.map((channel) => channel.toString(16).padStart(2, '0')).join('')}`;
}
