import { topicPath } from '../catalog/topics.js';
import { answersForList } from '../profile/own-top.js';
import type { OwnTopic } from '../profile/own-votes.js';
import type { Board } from '../ranking/boards/board.js';
import { titleOf } from '../ranking/boards/describe-goal.js';
import { showsResultsToAll } from '../ranking/boards/visit-topic.js';
import type { TopicCard } from './pages.js';

/** What the cards of topics tell beside their boards. */
export interface TopicFigures {
  /** The topics in which the reader has voted. */
  own: OwnTopic[];
  /** How many people have voted, by topic. */
  voters: Map<number, number>;
}

/** Shows topics: what leads in each, how many people voted, and how far the reader has come. */
export function topicCards(boards: Board[], { own, voters }: TopicFigures): TopicCard[] {
  const ownVotes = new Map(own.map(({ board, votes }) => [board.topic.id, votes]));
  return boards.map((board) => {
    const { id } = board.topic;
    return topicCard(board, { ownVotes: ownVotes.get(id) ?? 0, voters: voters.get(id) ?? 0 });
  });
}

const topicCard = (
  { topic, size, votes, goal, standings }: Board,
  { ownVotes, voters }: Pick<TopicCard, 'ownVotes' | 'voters'>,
): TopicCard => ({
  title: topic.title,
  question: topic.question,
  path: topicPath(topic),
  board: titleOf(goal),
  size,
  votes,
  voters,
  leaders: showsResultsToAll(topic) ? standings.slice(0, 3) : [],
  ownVotes,
  enough: answersForList(size),
});
