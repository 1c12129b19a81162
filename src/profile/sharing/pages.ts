import type { OwnShare, Share } from './shares.js';

declare module '../../http/page.js' {
  interface Pages {
    'profile/sharing/links': LinksPage;
    'profile/sharing/shared': SharedPage;
  }
}

type Link = OwnShare & { url: string };

interface LinksPage {
  links: Link[];
  /** The one that was made just now. */
  fresh: Link | undefined;
}

interface SharedPage {
  share: Share;
  title: string;
  path: string | undefined;
  isOwn: boolean;
  /** What other sites show of the link. */
  card: { title: string; url: string; image: string; description: string };
}
