import type { Request } from 'express';
import type { Board, TopicCard } from '../ranking/board.js';
import type { Boards } from '../ranking/boards.js';
import { notFound } from '../web/problem.js';

/** The board an address is about: the topic it names, or the default one. @throws Problem 404 for no topic */
export function boardOf(boards: Boards, req: Request): Board {
  const board = findBoard(boards, req.params.slug);
  if (!board) throw notFound();
  return board;
}

/** The board of the topic that an address names by its slug, or the default one; undefined for no topic. */
export function findBoard(boards: Boards, slug: Request['params'][string] | undefined): Board | undefined {
  return slug === undefined ? boards.default() : boards.get(String(slug));
}

/** What a topic's addresses begin with: nothing for the default one, whose pages are `/vote` and `/top`. */
export function topicPath(topic: TopicCard): string {
  return topic.isDefault ? '' : `/topics/${topic.slug}`;
}
