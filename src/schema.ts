import type { ColumnType, Generated, GeneratedAlways, JSONColumnType } from 'kysely';

/** Why a session ended; `null` while it lives. */
export type EndReason =
  | 'logout'
  | 'revoked'
  | 'idle'
  | 'absolute'
  | 'password'
  | 'fingerprint'
  | 'limit'
  | 'account'
  | 'operator'
  | 'guesses';

/** What a person answered: one of the two, about the same, or nothing. */
export type Outcome = 'left' | 'right' | 'tie' | 'skip';

/** One side of a pair. */
export type Side = 'left' | 'right';

/**
 * How a pair came to a voter: drawn where an answer tells most (`focus`) or anywhere (`explore`), asked for by one of
 * its things, one of the day's pairs that all guests get (`common`), or brought by a file of votes.
 */
export type Strategy = 'focus' | 'explore' | 'asked' | 'common' | 'import';

/** Why a vote counts in part: its voter skipped many pairs before it, or asked for this one. */
export type WeightReason = 'skipping' | 'asked';

/** A pair that a voter was shown, by the ids of its things, and whether they left it unanswered. */
export interface RecentPair {
  low: number;
  high: number;
  skipped: boolean;
  /** The voter asked for it. It is here because they skipped it, and stays skipped. */
  asked?: boolean;
}

type Created = ColumnType<Date, Date | undefined, never>;

/** Anyone who can answer. A member shares the id of their `users` row. */
export interface VotersTable {
  id: GeneratedAlways<number>;
  kind: 'member' | 'guest' | 'invited' | 'imported';
  /** The name under which a vote file knew this voter, after its topic: `foods/ann`. */
  importedAs: string | null;
  /** Keyed hash of the network that they first came by, 64 hex characters; it never changes. */
  networkGroup: string | null;
  createdAt: Created;
}

/** People with a log-in. */
export interface UsersTable {
  id: number;
  username: string;
  /** The user name as it is compared: NFKC and lower case. */
  usernameKey: string;
  /** What the user name looks like: no two people have names that look alike. */
  nameSkeleton: string;
  passwordHash: string;
  role: Generated<'member' | 'admin'>;
  createdAt: Created;
  disabledAt: Date | null;
}

/** The record of every session there was; Redis only remembers the live ones. */
export interface SessionsTable {
  id: GeneratedAlways<number>;
  publicId: Generated<string>;
  userId: number;
  accessTokenHash: string;
  previousTokenHash: string | null;
  /** When the id was last changed. */
  rotatedAt: Date | null;
  clientFingerprint: string;
  status: Generated<'active' | 'inactive' | 'expired'>;
  remembered: boolean;
  createdAt: Created;
  /** When the password was last given. */
  confirmedAt: Date;
  lastSeenAt: Generated<Date>;
  expiresAt: Date;
  idleExpiresAt: Date;
  endedAt: Date | null;
  endReason: EndReason | null;
  device: string;
  address: string;
}

/** What happened to whose session and when; rows are never changed, and the database chains them. */
export interface SessionEventsTable {
  id: GeneratedAlways<number>;
  userId: number | null;
  sessionId: number | null;
  kind: string;
  at: Generated<Date>;
  reason: string | null;
  /** Salted digest of where it came from, 64 hex characters; null when it came from no device. */
  originDigest: string | null;
  /** The event's number in its person's chain, from 1; this and the hashes are empty until the commit. */
  sequence: GeneratedAlways<number | null>;
  previousHash: GeneratedAlways<string | null>;
  hash: GeneratedAlways<string | null>;
}

/** The device and address of an event, in plain text. A row may be shortened or deleted; the chain stays whole. */
export interface SessionEventOriginsTable {
  eventId: number;
  /** 16 random bytes; null once the row is shortened. */
  salt: Buffer | null;
  device: string | null;
  /** An address; a network once it is shortened. */
  address: string | null;
}

/** Where each person's chain of events ends. */
export interface ChainHeadsTable {
  /** The person's id, 0 for events that belong to nobody. */
  userKey: number;
  userId: GeneratedAlways<number | null>;
  sequence: number;
  hash: string;
}

/** A collection of things that are compared with each other. */
export interface TopicsTable {
  id: GeneratedAlways<number>;
  slug: string;
  title: string;
  question: string;
  visibility: Generated<'public' | 'unlisted'>;
  isDefault: Generated<boolean>;
  createdAt: Created;
}

/** What is voted on. */
export interface ThingsTable {
  id: GeneratedAlways<number>;
  topicId: number;
  slug: string;
  name: string;
  picture: string | null;
  description: string | null;
  link: string | null;
  addedBy: number | null;
  createdAt: Created;
  retiredAt: Date | null;
}

/** The ledger: rows are only ever added, and withdrawn once; only a guest's may be deleted. */
export interface VotesTable {
  id: GeneratedAlways<number>;
  ballotId: string;
  topicId: number;
  voterId: number | null;
  leftId: number;
  rightId: number;
  /** What an imported answer was about, where a voter answered a pair more than once. */
  item: string | null;
  outcome: Outcome;
  /** Which of the two the voter said they don't know; only with a skip. */
  unknown: Side | null;
  strategy: Strategy;
  /** Whether it is a guest's: it counts only when it becomes a member's, by another row. */
  provisional: Generated<boolean>;
  /** When the voter was shown the pair; null for imported votes. */
  shownAt: Date | null;
  createdAt: Generated<Date>;
  withdrawnAt: Date | null;
  xid: GeneratedAlways<string>;
  withdrawnXid: string | null;
}

/** Whether a voter counts at all: the newest event holds. Rows are only ever added. */
export interface VoterEventsTable {
  id: GeneratedAlways<number>;
  voterId: number;
  kind: 'set apart' | 'voided' | 'restored';
  at: Generated<Date>;
  xid: GeneratedAlways<string>;
}

/** How much a vote counts, where that is not 1; decided once, by the ranker. */
export interface VoteWeightsTable {
  voteId: number;
  weight: number;
  reason: WeightReason;
}

/** What the ranker knows of a voter in a topic. */
export interface TopicVotersTable {
  topicId: number;
  voterId: number;
  /** Answers and skips in the ledger so far, withdrawn ones included. */
  votes: number;
  skips: number;
  latestAt: Date;
  /** Their last pairs, oldest first, by which their next vote is weighed; packed as weigher.ts says. */
  recentPairs: JSONColumnType<number[][]>;
}

/** What the ranker has made of the votes on one thing. */
export interface RatingsTable {
  thingId: number;
  topicId: number;
  mean: number;
  variance: number;
  wins: number;
  losses: number;
  ties: number;
}

/** Where a thing stands on the pages; only things that are not retired have a row. */
export interface StandingsTable {
  thingId: number;
  topicId: number;
  /** From 1. */
  rank: number;
  /** The range of its true rank, both included. */
  low: number;
  high: number;
  /** The chance, from 0 to 1, that it belongs in the Top 20. */
  topChance: number;
  /** Whether it is not surely (in 4 of 5 cases) better than the next one. */
  isLevelWithNext: boolean;
  /** Its rank a day ago; null where it had none. */
  previousRank: number | null;
}

/** How the votes on a pair came out; skips, withdrawn votes and those of voters left out are not counted. */
export interface PairCountsTable {
  topicId: number;
  /** The pair's things: the lower id and the higher one. */
  low: number;
  high: number;
  lowWins: number;
  highWins: number;
  ties: number;
}

/** Up to where in the ledger a topic's pair counts count. */
export interface PairCountsPositionTable {
  topicId: number;
  xid: string;
  id: number;
}

/** What anyone may download of a topic: the newest row, and the one before for those who are still reading it. */
export interface SnapshotsTable {
  id: GeneratedAlways<number>;
  topicId: number;
  /** The position in the ledger up to which its votes were fitted. */
  xid: string;
  ledgerId: number;
  takenAt: Generated<Date>;
  /** Gzipped JSON. */
  body: Buffer;
}

/**
 * Where a thing stood at the end of each hour in which it moved. After a week the last of each day is kept,
 * after a year the last of each week.
 */
export interface RatingHistoryTable {
  thingId: number;
  at: Date;
  rank: number;
  /** The range of its true rank, both included. */
  low: number;
  high: number;
}

/** How far the history is thinned to one row a day, and to one a week. */
export interface HistoryThinningTable {
  step: 'day' | 'week';
  /** When the day or week begins that is thinned next. */
  begins: Date;
  /** The things with ids up to this one are done in it. */
  thingId: number;
}

/** One row a topic: what has become of its standings. */
export interface BoardsTable {
  topicId: number;
  /** Moves whenever what the pages show has moved. */
  version: Generated<number>;
  /** How often its ratings or its things have changed, and how many of these changes are in the standings. */
  changes: Generated<number>;
  publishedChanges: Generated<number>;
  /** Since when the ratings rest on votes that no longer count; null while they rest on none. */
  staleSince: Date | null;
}

/** Which votes of a topic were fitted together the last time; without a row, none were yet. */
export interface FitsTable {
  topicId: number;
  /** The place in the ledger up to which they were. */
  xid: string;
  id: number;
  votes: number;
  /** How far opinions lie apart: the variance of strengths before any vote. */
  spread: number;
  /** Of the votes that chose one: how many, and how many of them chose the left. */
  decided: number;
  leftWins: number;
  fittedAt: Generated<Date>;
}

/** A link that shows what a person chose, to whoever has it. */
export interface SharesTable {
  id: GeneratedAlways<number>;
  token: string;
  userId: number;
  topicId: number;
  isNamed: boolean;
  votes: number;
  createdAt: Created;
  endedAt: Date | null;
}

/** What a link shows, strongest first. */
export interface SharedThingsTable {
  shareId: number;
  topicId: number;
  /** From 1. */
  rank: number;
  thingId: number;
}

/** One row in all: how far the ranker has read the ledger. */
export interface RankerPositionTable {
  singleton: Generated<boolean>;
  xid: string;
  id: number;
  generation: number;
}

/** Every table, as Kysely sees it. */
export interface Schema {
  voters: VotersTable;
  users: UsersTable;
  sessions: SessionsTable;
  sessionEvents: SessionEventsTable;
  sessionEventOrigins: SessionEventOriginsTable;
  chainHeads: ChainHeadsTable;
  topics: TopicsTable;
  things: ThingsTable;
  votes: VotesTable;
  voterEvents: VoterEventsTable;
  voteWeights: VoteWeightsTable;
  topicVoters: TopicVotersTable;
  ratings: RatingsTable;
  standings: StandingsTable;
  pairCounts: PairCountsTable;
  pairCountsPosition: PairCountsPositionTable;
  snapshots: SnapshotsTable;
  ratingHistory: RatingHistoryTable;
  historyThinning: HistoryThinningTable;
  boards: BoardsTable;
  fits: FitsTable;
  rankerPosition: RankerPositionTable;
  shares: SharesTable;
  sharedThings: SharedThingsTable;
}
