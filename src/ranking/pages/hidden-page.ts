import type { Response } from 'express';
import { topicPath } from '../../catalog/topics.js';
import { sendPageOrFragment } from '../../http/page.js';
import { answersForResults, type TopicVisit } from '../boards/visit-topic.js';

/** Answers in place of a ranking that this visitor does not see yet: when it appears, and where to vote. */
export function sendHidden(res: Response, { board, phase, hidden = 'after closing' }: TopicVisit): void {
  const { topic } = board;
  sendPageOrFragment(res, {
    page: 'ranking/hidden',
    fragment: 'ranking/_hidden',
    data: { topic, path: topicPath(topic), phase, hidden, answers: answersForResults(board) },
  });
}
