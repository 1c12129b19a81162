import { topicPath } from '../catalog/topics.js';
import { answersForList } from '../profile/own-top.js';
import type { OwnTopic } from '../profile/own-votes.js';
import type { Boards } from '../ranking/boards/board-loader.js';
import { titleOf } from '../ranking/boards/describe-goal.js';
import type { TopicCard } from './pages.js';

/** Lists the public topics: what leads in each, and how far one voter has come. */
export function listTopics(boards: Boards, own: OwnTopic[]): TopicCard[] {
  const ownVotes = new Map(own.map(({ board, votes }) => [board.topic.id, votes]));
  return boards.listed().map(({ topic, size, votes, goal, standings }) => ({
    title: topic.title,
    question: topic.question,
    path: topicPath(topic),
    board: titleOf(goal),
    size,
    votes,
    leaders: standings.slice(0, 3),
    ownVotes: ownVotes.get(topic.id) ?? 0,
    enough: answersForList(size),
  }));
}
