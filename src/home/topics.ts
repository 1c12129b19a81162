import { topicPath } from '../catalog/topics.js';
import { answersForList } from '../profile/own-top.js';
import type { OwnTopic } from '../profile/own-votes.js';
import type { Board } from '../ranking/boards/board.js';
import type { Boards } from '../ranking/boards/board-loader.js';
import { titleOf } from '../ranking/boards/describe-goal.js';
import { showsResultsToAll } from '../ranking/boards/visit-topic.js';
import type { TopicCard } from './pages.js';

/** Lists the public topics: what leads in each, and how far one voter has come. */
export function listTopics(boards: Boards, own: OwnTopic[]): TopicCard[] {
  const ownVotes = new Map(own.map(({ board, votes }) => [board.topic.id, votes]));
  return boards.listed().map((board) => topicCard(board, ownVotes.get(board.topic.id)));
}

/** A topic with its leading things. @param ownVotes how many votes of the reader stand */
export function topicCard({ topic, size, votes, goal, standings }: Board, ownVotes = 0): TopicCard {
  return {
    title: topic.title,
    question: topic.question,
    path: topicPath(topic),
    board: titleOf(goal),
    size,
    votes,
    leaders: showsResultsToAll(topic) ? standings.slice(0, 3) : [],
    ownVotes,
    enough: answersForList(size),
  };
}
