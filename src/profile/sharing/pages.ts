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
  /** The link that was just created. */
  fresh: Link | undefined;
}

interface SharedPage {
  share: Share;
  title: string;
  path: string | undefined;
  isOwn: boolean;
  /** What other sites show for the link. */
  card: { title: string; url: string; image: string; description: string };
}
