import type { Request } from 'express';
import { notFound } from '../../http/problem.js';
import type { Board } from './board.js';
import type { Boards } from './board-loader.js';

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
