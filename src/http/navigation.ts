const SECTIONS = {
  vote: /\/vote$/,
  ranking: /\/ranking$|^\/things\//,
  topics: /^\/topics\/(new$|[^/]+\/manage)/,
  you: /^\/(profile|guest)/,
};

/** Whether a tab leads to the page that is shown, or to the section in which it is: the value of `aria-current`. */
export function currentTab(
  here: string,
  section: keyof typeof SECTIONS,
  path: string,
): 'page' | 'true' | 'false' {
  if (here === path) return 'page';
  return SECTIONS[section].test(here) ? 'true' : 'false';
}

/** The `aria-current` of a link to a page, or to a page above it; undefined elsewhere. The start of a section is not above. */
export function currentLink(here: string, path: string): 'page' | 'true' | undefined {
  if (here === path) return 'page';
  return path.lastIndexOf('/') > 0 && here.startsWith(`${path}/`) ? 'true' : undefined;
}
