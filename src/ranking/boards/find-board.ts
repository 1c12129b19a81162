import type { Request } from 'express';
import { notFound } from '../../http/problem.js';
import type { Board } from './board.js';
import type { Boards } from './board-loader.js';

/**
 * Returns the board of the topic in a request's address (`:slug`), or the default board when it names none.
 * @throws Problem 404 when there is no such topic
 */
export function boardOf(boards: Boards, req: Request): Board {
  const board = findBoard(boards, req.params.slug);
  if (!board) throw notFound();
  return board;
}

/**
 * Finds a topic's board by its slug; without a slug it is the default board. Undefined when there is no such
 * topic.
 */
export function findBoard(boards: Boards, slug: Request['params'][string] | undefined): Board | undefined {
  return slug === undefined ? boards.default() : boards.get(String(slug));
}
