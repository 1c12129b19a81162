import type { OrganizedTopic } from '../catalog/organized-topic.js';
import type { TopicAct } from '../catalog/topic-roles.js';

declare module '../http/page.js' {
  interface Pages {
    'organize/hub': HubPage;
  }
}

/** What every page of a topic's organisers shows. */
interface ManagePage extends OrganizedTopic {
  /** The start of the addresses of these pages. */
  manage: string;
}

interface HubPage extends ManagePage {
  /** The address of the topic for its voters. */
  path: string;
  links: ManageLink[];
}

/** A page of the organisers, and what one must be allowed to do to open it. */
export interface ManageLink {
  path: string;
  title: string;
  act: TopicAct;
}
