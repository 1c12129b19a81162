import type { Board } from '../ranking/boards/board.js';
import { type Ballot, readBallot } from './ballot.js';
import { hasSameReaders, MAX_NOTE, readNote } from './notes.js';
import type { Pair } from './pairs.js';
import { NEW_GUEST, type Voter } from './voter.js';
import { type Answer, readAnswer } from './voting.js';

/** Why a vote does not count, as a text for its voter. */
export const refusals = {
  forged: 'Your vote didn’t go through. Please vote again.',
  expired: 'This pair expired after 24 hours, so your vote didn’t count. Please vote again.',
  foreign: 'That pair was shown to someone else, so your vote didn’t count. Here is your pair.',
  otherTopic: 'That pair belongs to another topic, so your vote didn’t count. Here is your pair.',
  loggedIn: 'You logged in after that pair was shown, so your vote didn’t count. Here is your pair.',
  guestGone: 'Your guest votes were just moved to your account or deleted, so this vote didn’t count.',
  notOpen: 'Voting hasn’t started yet, so your vote didn’t count.',
  paused: 'Voting is paused, so your vote didn’t count. You get the same pair again.',
  closed: 'Voting has closed, so your vote didn’t count.',
  stays: 'Voting has closed, so your vote stays as it is.',
  uninvited:
    'Your personal link no longer works, so your vote didn’t count. Ask the organisers for a new one.',
  ownWork: 'One of the two is your own work, so your vote didn’t count. Here is another pair.',
  unanswered: 'You didn’t choose an answer. Choose one of the answers below.',
  longNote: `Your note has more than ${MAX_NOTE} characters, so your vote didn’t count. Shorten it and vote again.`,
  noteReaders:
    'Who reads your note has changed, so your vote didn’t count. Look at it again, and vote if you agree.',
};

/** Why a vote does not count. */
type Refusal = keyof typeof refusals;

/** A vote that may be cast. */
export interface AcceptedVote {
  refusal?: undefined;
  awayId?: undefined;
  ballot: Ballot;
  answer: Answer;
}

/** What a voter who walks says of a thing where nobody is. It is no vote. */
export interface AwayNotice {
  refusal?: undefined;
  ballot: Ballot;
  answer?: undefined;
  /** The id of that thing. */
  awayId: number;
}

/** A vote that does not count. */
export interface RefusedVote {
  refusal: Refusal;
  /** The pairs to show; without them the voter's queue is shown. */
  pairs?: Pair[];
  /** What was typed as a note about that pair. */
  note?: string;
}

/** A member's vote that was sent after the member logged out. */
interface LoggedOutVote {
  refusal: 'loggedOut';
}

/**
 * Reads a posted vote, and checks that its ballot was made for this voter in this topic.
 * @param secrets newest first
 */
export function readVote(
  form: { ballot: string; choice: string; note: string; 'note-readers': string },
  { voter, board, secrets }: { voter: Voter; board: Board; secrets: string[] },
): AcceptedVote | AwayNotice | RefusedVote | LoggedOutVote {
  const ballot = readBallot(form.ballot, secrets);
  if (typeof ballot === 'string') return { refusal: ballot };
  if (!ballot.isGuest && voter.isGuest) return { refusal: 'loggedOut' };
  if (ballot.isGuest && !voter.isGuest) return { refusal: 'loggedIn' };
  if (ballot.voterId !== voter.id && ballot.voterId !== NEW_GUEST) return { refusal: 'foreign' };
  if (ballot.topicId !== board.topic.id) return { refusal: 'otherTopic' };
  const awayId = board.topic.inPerson ? awayIdOf(ballot, form.choice) : undefined;
  if (awayId !== undefined) return { ballot, awayId };
  const answer = readAnswer(form.choice);
  const note = board.topic.notes === 'none' ? undefined : readNote(form.note);
  const again = { pairs: [ballot], note: form.note };
  if (note === 'too long') return { refusal: 'longNote', ...again };
  if (note && !hasSameReaders(form['note-readers'], board.topic)) return { refusal: 'noteReaders', ...again };
  return answer ? { ballot, answer: { ...answer, note } } : { refusal: 'unanswered', ...again };
}

const awayIdOf = ({ leftId, rightId }: Ballot, choice: string): number | undefined =>
  choice === 'away-left' ? leftId : choice === 'away-right' ? rightId : undefined;
