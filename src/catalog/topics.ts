/** What a topic's addresses begin with: nothing for the default one, whose pages are `/vote` and `/top`. */
export function topicPath(topic: { isDefault: boolean; slug: string }): string {
  return topic.isDefault ? '' : `/topics/${topic.slug}`;
}
