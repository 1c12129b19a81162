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

/** An answer: one of the two things, about the same, or skipped. */
export type Outcome = 'left' | 'right' | 'tie' | 'skip';

/** One side of a pair. */
export type Side = 'left' | 'right';

/**
 * How a pair was selected: where an answer tells most (`focus`), at random (`explore`), because the voter
 * asked for one of its things (`asked`), as one of the day's pairs for all guests (`common`), or from a file
 * of votes (`import`).
 */
export type Strategy = 'focus' | 'explore' | 'asked' | 'common' | 'import';

/**
 * Why a vote does not count fully: its voter skipped many pairs before it, or asked for this one, or many votes from
 * the same network push the same thing.
 */
export type WeightReason = 'skipping' | 'asked' | 'one-sided';

/** A pair that a voter was shown, by the ids of its things, and whether the voter skipped it. */
export interface RecentPair {
  low: number;
  high: number;
  skipped: boolean;
  /** The voter asked for this pair. It is listed because the voter skipped it, and it stays skipped. */
  asked?: boolean;
}

type Created = ColumnType<Date, Date | undefined, never>;

/** Everyone who can answer. A member's id is also the id of their `users` row. */
export interface VotersTable {
  id: GeneratedAlways<number>;
  /** A former guest has signed up or deleted their votes. */
  kind: 'member' | 'guest' | 'invited' | 'imported' | 'former';
  /** The topic and the name of this voter in a file of votes: `foods/ann`. */
  importedAs: string | null;
  /** Keyed hash of the voter's first network, 64 hex characters; it never changes. */
  networkGroup: string | null;
  /** Keyed hash of the /48 of an IPv6 address; null for other voters. */
  wideGroup: string | null;
  createdAt: Created;
}

/** Accounts. */
export interface UsersTable {
  id: number;
  username: string;
  /** The user name for comparison: NFKC and lower case. */
  usernameKey: string;
  /** The look of the user name (UTS #39). It is unique, so no two names look alike. */
  nameSkeleton: string;
  passwordHash: string;
  role: Generated<'member' | 'admin'>;
  createdAt: Created;
  disabledAt: Date | null;
  /** Why, for its user. */
  disabledReason: string | null;
  /** Since when it waits for the approval of an admin; null when it does not. */
  awaitingSince: Date | null;
  /** By which a passkey names its owner. */
  webauthnId: Generated<string>;
}

/** Links with which one person each can register. The token is stored as a hash. */
export interface SiteInvitationsTable {
  id: GeneratedAlways<number>;
  tokenHash: string;
  /** For whom it is, as the admin wrote it. */
  note: string | null;
  createdBy: number | null;
  createdAt: Created;
  expiresAt: Date;
  usedAt: Date | null;
  usedBy: number | null;
  revokedAt: Date | null;
}

/** Who may register. */
export type Registration = 'anyone' | 'invitation' | 'approval' | 'nobody';

/** What admins set for the whole site. The table has one row, and null means the usual. */
export interface SiteSettingsTable {
  singleton: Generated<boolean>;
  name: string | null;
  /** `#4f39d8`: what can be pressed, on light pages and on dark ones. */
  lightColor: string | null;
  darkColor: string | null;
  /** An upload, as a thing names it: `HASH-1280x853`. */
  logo: string | null;
  logoHash: GeneratedAlways<string | null>;
  contact: string | null;
  registration: Registration | null;
  topicCreation: 'members' | 'admins' | null;
  /** Increases with each change. */
  version: Generated<number>;
  /** The hash of the link with which the first admin becomes one, and until when it works. */
  claimHash: string | null;
  claimExpiresAt: Date | null;
}

/** Every session, past and present. Redis holds only the active ones. */
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
  /** When the user last entered the password. */
  confirmedAt: Date;
  lastSeenAt: Generated<Date>;
  expiresAt: Date;
  idleExpiresAt: Date;
  endedAt: Date | null;
  endReason: EndReason | null;
  /** Null once the row is old. */
  device: string | null;
  /** An address, a network once the row is older, and then null. */
  address: string | null;
}

/** The code with which a user gets back in without the password. Only its hash is stored. */
export interface RecoveryCodesTable {
  userId: number;
  /** SHA-256 of the code without hyphens, 64 hex characters. */
  codeHash: string;
  createdAt: Created;
}

/** The newest links with which a user sets a new password: by mail, and from an operator. A new password ends both. */
export interface ResetLinksTable {
  userId: number;
  isMailed: boolean;
  tokenHash: string;
  expiresAt: Date;
}

/** Passkeys: public keys whose private halves never leave the devices of their owner. */
export interface PasskeysTable {
  id: GeneratedAlways<number>;
  userId: number;
  /** Base64url, chosen by the authenticator. */
  credentialId: string;
  /** COSE. */
  publicKey: Buffer;
  /** How often the authenticator was used, as it says itself; 0 when it does not count. */
  counter: number;
  transports: Generated<string[]>;
  name: string;
  createdAt: Created;
  lastUsedAt: Date | null;
}

/** Challenges that browsers have not answered yet. */
export interface PasskeyChallengesTable {
  challengeHash: string;
  /** What it is for, and on which session. */
  scope: string;
  expiresAt: Date;
}

/** Names that people had before. Nobody else can take them for a year. */
export interface FormerNamesTable {
  usernameKey: string;
  username: string;
  nameSkeleton: string;
  userId: number;
  keptUntil: Date;
}

/** The e-mail addresses of users who gave one. Only a site that sends mail has any. */
export interface EmailAddressesTable {
  userId: number;
  address: string;
  /** When its owner opened the link in a mail to it. */
  confirmedAt: Date | null;
  /** The address that is to replace a confirmed one, once it is confirmed too. */
  newAddress: string | null;
  /** Of the link that confirms the newest address; null once it was used. */
  tokenHash: string | null;
  tokenExpiresAt: Date | null;
}

/** The log of session events. Rows never change, and the database links them in a hash chain. */
export interface SessionEventsTable {
  id: GeneratedAlways<number>;
  userId: number | null;
  sessionId: number | null;
  kind: string;
  at: Generated<Date>;
  reason: string | null;
  /** Salted digest of device and address, 64 hex characters; null when the event has no device. */
  originDigest: string | null;
  /** The event's number in its user's chain, from 1. This and the hashes are null until the commit. */
  sequence: GeneratedAlways<number | null>;
  previousHash: GeneratedAlways<string | null>;
  hash: GeneratedAlways<string | null>;
}

/**
 * The device and address of an event, in plain text. A row may be shortened or deleted; the chain stays
 * valid.
 */
export interface SessionEventOriginsTable {
  eventId: number;
  /** 16 random bytes; null once the row is shortened. */
  salt: Buffer | null;
  device: string | null;
  /** An address, or a network once the row is shortened. */
  address: string | null;
}

/** The end of each user's chain of events. */
export interface ChainHeadsTable {
  /** The user's id; 0 for events without a user. */
  userKey: number;
  userId: GeneratedAlways<number | null>;
  sequence: number;
  hash: string;
}

/** Who may vote in a topic: everyone, people with its link, or people who were invited. Only public topics are listed. */
export type TopicAccess = 'public' | 'link' | 'invited';

/** Whether a topic takes votes: not yet, now, or no longer. */
export type TopicPhase = 'draft' | 'open' | 'paused' | 'closed';

/** When voters see the ranking of a topic. */
export type TopicResults = 'always' | 'after voting' | 'after closing';

/** Who reads the notes that voters may leave with a vote: nobody, as there are none, or the organisers, or also the teams. */
export type TopicNotes = 'none' | 'organisers' | 'teams';

/** What a user may do with a topic: everything, change and run it, or look at it. */
export type TopicRole = 'owner' | 'organiser' | 'viewer';

/** Topics: sets of things that are compared with each other. */
export interface TopicsTable {
  id: GeneratedAlways<number>;
  slug: string;
  title: string;
  question: string;
  access: Generated<TopicAccess>;
  /** As it was set. With `opensAt` and `closesAt` it also depends on the time. */
  phase: Generated<TopicPhase>;
  results: Generated<TopicResults>;
  opensAt: Date | null;
  closesAt: Date | null;
  /** The organiser's time zone, such as `Europe/Berlin`. */
  timeZone: Generated<string>;
  /** How many votes each voter is asked for. */
  votesEach: number | null;
  /** Whether voters may propose things. */
  takesSuggestions: Generated<boolean>;
  /** Whether voters walk from thing to thing. */
  inPerson: Generated<boolean>;
  /** In person, so many voters see each thing before its goal decides where they go. */
  visits: Generated<number>;
  /** Eight letters and digits that people type to vote in it. */
  code: string | null;
  /** Who reads the notes of voters. */
  notes: Generated<TopicNotes>;
  /** The sites that may show the ranking in a frame, such as `https://example.org`. */
  embedOrigins: Generated<string[]>;
  /** The position in the ledger at which a closed topic's results are frozen; null until the ranker is there. */
  closedXid: string | null;
  closedLedgerId: number | null;
  /** When its owner deleted it. It can be restored for a week. */
  deletedAt: Date | null;
  /** When an admin hid it from all but its organisers. */
  hiddenAt: Date | null;
  isDefault: Generated<boolean>;
  /** What its votes should settle, as catalog/goal.ts reads it: `top 20`. */
  goal: Generated<string>;
  createdAt: Created;
}

/** The things that people vote on. */
export interface ThingsTable {
  id: GeneratedAlways<number>;
  topicId: number;
  slug: string;
  name: string;
  /** A file in public/pictures (`food/pizza.svg`), or an upload (its hash and size, `HASH-1280x853`). */
  picture: string | null;
  /** The hash of an uploaded picture. */
  pictureHash: GeneratedAlways<string | null>;
  description: string | null;
  link: string | null;
  /** Markdown, up to 20,000 characters. */
  text: string | null;
  tags: Generated<string[]>;
  /** Where it stands in the room, such as a table number. */
  location: string | null;
  team: string | null;
  /** The thing of the same topic for which its votes count. It is then retired. */
  mergedInto: number | null;
  addedBy: number | null;
  createdAt: Created;
  retiredAt: Date | null;
}

/** Pictures that people uploaded. */
export interface PicturesTable {
  /** Keyed hash of its largest file, 64 hex characters. */
  hash: string;
  /** Of its largest file, in pixels. */
  width: number;
  height: number;
  /** Of all its files together. */
  bytes: number;
  createdAt: Created;
}

/** The WebP files of a picture, one for each width. */
export interface PictureSizesTable {
  hash: string;
  width: number;
  body: Buffer;
}

/** The pictures that a topic holds. */
export interface TopicPicturesTable {
  topicId: number;
  hash: string;
  /** When it was uploaded, or found without a thing that shows it; null while a thing shows it. */
  unusedSince: Generated<Date | null>;
}

/** Who may do what with a topic. A topic without rows belongs to nobody. */
export interface TopicRolesTable {
  topicId: number;
  userId: number;
  role: TopicRole;
  createdAt: Created;
}

/** Links that give a role in a topic, once, to a logged-in user who opens them. */
export interface RoleLinksTable {
  id: GeneratedAlways<number>;
  topicId: number;
  role: TopicRole;
  tokenHash: string;
  createdBy: number | null;
  createdAt: Created;
  expiresAt: Date;
  usedAt: Date | null;
  revokedAt: Date | null;
}

/** The places of invited people in a topic. The token of the personal link is stored as a hash. */
export interface InvitationsTable {
  id: GeneratedAlways<number>;
  topicId: number;
  tokenHash: string;
  name: string;
  team: string | null;
  /** The tag of the things that this voter sees; null for all things. */
  track: string | null;
  /** Who votes in this place; null before somebody has joined. */
  voterId: number | null;
  createdAt: Created;
  /** When that voter joined by the newest link; null before that. */
  joinedAt: Date | null;
  revokedAt: Date | null;
}

/** Things that voters propose. Null for a voter who is gone. */
export interface SuggestionsTable {
  id: GeneratedAlways<number>;
  topicId: number;
  voterId: number | null;
  name: string;
  description: string | null;
  link: string | null;
  createdAt: Created;
  decidedAt: Date | null;
  decision: 'accepted' | 'merged' | 'refused' | null;
  /** Why it was refused. */
  reason: string | null;
  decidedBy: number | null;
  /** The thing that it became, or that it is the same as. */
  thingId: number | null;
}

/** What voters find wrong with a thing. */
export interface FlagsTable {
  id: GeneratedAlways<number>;
  topicId: number;
  thingId: number;
  voterId: number | null;
  reason: string;
  createdAt: Created;
  decidedAt: Date | null;
  decidedBy: number | null;
}

/** What was done to a topic. Null for a user whose account is closed. */
export interface TopicEventsTable {
  id: GeneratedAlways<number>;
  topicId: number;
  userId: number | null;
  kind: string;
  details: JSONColumnType<Record<string, string | number | boolean | null>>;
  at: Generated<Date>;
}

/**
 * The ledger of votes. Rows are only added, and can be withdrawn once. Only a guest's votes may be deleted.
 */
export interface VotesTable {
  id: GeneratedAlways<number>;
  ballotId: string;
  topicId: number;
  voterId: number | null;
  leftId: number;
  rightId: number;
  /** The subject of an imported answer, for files in which a voter answers a pair more than once. */
  item: string | null;
  outcome: Outcome;
  /** The side that the voter doesn't know; only with a skip. */
  unknown: Side | null;
  strategy: Strategy;
  /**
   * Whether it is the vote of a guest of a public topic. It counts only when another row makes it a member's vote.
   */
  provisional: Generated<boolean>;
  /** When the voter was shown the pair; null for imported votes. */
  shownAt: Date | null;
  createdAt: Generated<Date>;
  withdrawnAt: Date | null;
  xid: GeneratedAlways<string>;
  withdrawnXid: string | null;
}

/** A line that a voter has left with a vote. It goes when the vote is taken back. */
export interface VoteNotesTable {
  voteId: number;
  /** Random, so that it does not tell when the note was written. */
  id: Generated<string>;
  topicId: number;
  /** 1 to 280 characters. */
  note: string;
  /** Who reads it, as its writer was told. */
  readers: 'organisers' | 'teams';
  /** Whether the organisers learn who wrote it. */
  isNamed: boolean;
}

/**
 * Decisions on whether a voter counts, in a topic or, without one, in all. The newest one of each kind holds. Rows are only
 * added.
 */
export interface VoterEventsTable {
  id: GeneratedAlways<number>;
  voterId: number;
  /** Null for the decision of an operator. */
  topicId: number | null;
  kind: 'set apart' | 'voided' | 'restored';
  at: Generated<Date>;
  xid: GeneratedAlways<string>;
}

/** The weights of votes that do not count fully. The ranker decides a weight once. */
export interface VoteWeightsTable {
  voteId: number;
  weight: number;
  reason: WeightReason;
}

/** What the ranker knows about a voter in a topic. */
export interface TopicVotersTable {
  topicId: number;
  voterId: number;
  /** Answers and skips that stand. */
  votes: number;
  skips: number;
  latestAt: Date;
  /**
   * The voter's last pairs, oldest first. They decide the weight of the next vote. weigher.ts has the format.
   */
  recentPairs: JSONColumnType<number[][]>;
}

/** The rating of each thing: the mean and variance of its strength, and its results. */
export interface RatingsTable {
  thingId: number;
  topicId: number;
  mean: number;
  variance: number;
  wins: number;
  losses: number;
  ties: number;
  /** The mean of the last fit; 0 for a thing that it did not have. */
  fittedMean: Generated<number>;
}

/** The ranks that the pages show. Only things that are not retired have a row. */
export interface StandingsTable {
  thingId: number;
  topicId: number;
  /** From 1. */
  rank: number;
  /** The range of its true rank, both ends included. */
  low: number;
  high: number;
  /** The probability, from 0 to 1, that it belongs in the ranks of the topic's goal. */
  topChance: number;
  /** Whether the probability that it is better than the next one is below 4 in 5. */
  isLevelWithNext: boolean;
  /** Its rank a day ago; null when it had none. */
  previousRank: number | null;
}

/** The results of each pair. Skips, withdrawn votes and votes of excluded voters are not counted. */
export interface PairCountsTable {
  topicId: number;
  /** The pair's things: the lower id and the higher one. */
  low: number;
  high: number;
  lowWins: number;
  highWins: number;
  ties: number;
}

/** The position in the ledger up to which a topic's pair counts are complete. */
export interface PairCountsPositionTable {
  topicId: number;
  xid: string;
  id: number;
}

/** The public download of a topic: the newest row, and the one before it for downloads that still run. */
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
 * The rank of a thing at the end of each hour in which it changed. After a week only the last row of each day
 * is kept, after a year only the last row of each week.
 */
export interface RatingHistoryTable {
  thingId: number;
  at: Date;
  rank: number;
  /** The range of its true rank, both included. */
  low: number;
  high: number;
}

/** How far the history is thinned: to one row a day, and to one row a week. */
export interface HistoryThinningTable {
  step: 'day' | 'week';
  /** The start of the day or week that is thinned next. */
  begins: Date;
  /** The things with ids up to this one are done. */
  thingId: number;
}

/** The state of each topic's standings. */
export interface BoardsTable {
  topicId: number;
  /** Increases whenever the content of the pages has changed. */
  version: Generated<number>;
  /** The number of changes of its ratings and things, and how many of these are in the standings. */
  changes: Generated<number>;
  publishedChanges: Generated<number>;
  /** Since when the ratings include votes that no longer count; null when they include none. */
  staleSince: Date | null;
  /** The share of the topic's goal that is expected to be right, from 0 to 1; null before it is known. */
  expectedShare: number | null;
}

/** The share of a topic's goal that was expected to be right after some numbers of votes. */
export interface GoalProgressTable {
  topicId: number;
  votes: number;
  expectedShare: number;
}

/**
 * The last fit of a topic: all votes up to a position, fitted together. Without a row there was no fit yet.
 */
export interface FitsTable {
  topicId: number;
  /** The position in the ledger up to which votes were fitted. */
  xid: string;
  id: number;
  votes: number;
  /** The variance of strengths before any vote. */
  spread: number;
  /** The number of votes that chose one thing, and how many of them chose the left one. */
  decided: number;
  leftWins: number;
  fittedAt: Generated<Date>;
}

/**
 * How far the votes of a group of several voters lean towards a thing: `Lean` of ranking/math/one-sided.ts. Groups of
 * one voter have no rows.
 */
export interface GroupLeansTable {
  topicId: number;
  /** The network group or the wide group of its voters. */
  networkGroup: string;
  thingId: number;
  sum: number;
  variance: number;
}

/** Groups of voters as they were when an admin set them apart. */
export interface SetApartGroupsTable {
  topicId: number;
  networkGroup: string;
  /** The thing that they pushed, and by how many standard deviations. */
  thingId: number;
  deviation: number;
  at: Generated<Date>;
}

/** What operators should know of. Rows are only added. */
export interface SiteEventsTable {
  id: GeneratedAlways<number>;
  at: Generated<Date>;
  kind: 'one-sided votes';
  topicId: number | null;
  thingId: number | null;
  details: JSONColumnType<Record<string, number>>;
}

/** Checks of the record of session events. Rows are only added. */
export interface AuditChecksTable {
  id: GeneratedAlways<number>;
  at: Generated<Date>;
  events: number;
  chains: number;
  /** The newest event that it saw. */
  lastEventId: number | null;
  /** The first thing that is wrong; null when the record is whole. */
  finding: string | null;
}

/** Links that show a user's own list to everyone who has the link. */
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

/** The things that a link shows, strongest first. */
export interface SharedThingsTable {
  shareId: number;
  topicId: number;
  /** From 1. */
  rank: number;
  thingId: number;
}

/** How far the ranker has read the ledger. The table has one row. */
export interface RankerPositionTable {
  singleton: Generated<boolean>;
  xid: string;
  id: number;
  generation: number;
}

/** The backups that were made. */
export interface BackupsTable {
  id: GeneratedAlways<number>;
  takenAt: Generated<Date>;
  bytes: number;
}

/** Every table, as Kysely sees it. */
export interface Schema {
  voters: VotersTable;
  users: UsersTable;
  siteInvitations: SiteInvitationsTable;
  siteSettings: SiteSettingsTable;
  sessions: SessionsTable;
  recoveryCodes: RecoveryCodesTable;
  resetLinks: ResetLinksTable;
  formerNames: FormerNamesTable;
  emailAddresses: EmailAddressesTable;
  passkeys: PasskeysTable;
  passkeyChallenges: PasskeyChallengesTable;
  sessionEvents: SessionEventsTable;
  sessionEventOrigins: SessionEventOriginsTable;
  chainHeads: ChainHeadsTable;
  auditChecks: AuditChecksTable;
  topics: TopicsTable;
  things: ThingsTable;
  pictures: PicturesTable;
  pictureSizes: PictureSizesTable;
  topicPictures: TopicPicturesTable;
  topicRoles: TopicRolesTable;
  roleLinks: RoleLinksTable;
  invitations: InvitationsTable;
  topicEvents: TopicEventsTable;
  suggestions: SuggestionsTable;
  flags: FlagsTable;
  votes: VotesTable;
  voteNotes: VoteNotesTable;
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
  goalProgress: GoalProgressTable;
  fits: FitsTable;
  rankerPosition: RankerPositionTable;
  groupLeans: GroupLeansTable;
  setApartGroups: SetApartGroupsTable;
  siteEvents: SiteEventsTable;
  shares: SharesTable;
  sharedThings: SharedThingsTable;
  backups: BackupsTable;
}
