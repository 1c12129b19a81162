/** What one fault did. */
export interface Row {
  fault: string;
  /** Votes that were acknowledged before, while and after. */
  votes: number;
  /** Requests that broke or were answered with 503. */
  triedAgain: number;
  /** How often the supervisor started the site. */
  starts: number;
  lost: number;
  doubled: number;
  loggedOut: number;
  letIn: number;
  /** In milliseconds. */
  p99Before: number;
  /** Seconds after the end of the fault. */
  backAfter: number;
  /** Seconds after the last vote until the site showed the ranking with all votes. */
  rankedAfter: number;
}

const HEADINGS = [
  ...['fault', 'votes acknowledged', 'tries without an answer', 'lost', 'doubled', 'logged out', 'let in'],
  ...['p99 before (ms)', 'p99 back after (s)', 'all ranked after (s)'],
];

/** Prints what each fault did, as the table for docs/reliability.md. */
export function printReport(rows: Row[]): void {
  const lines = [
    HEADINGS,
    HEADINGS.map((_, index) => (index === 0 ? '---' : '--:')),
    ...rows.map((row) => [
      ...[row.fault, row.votes, row.triedAgain, row.lost, row.doubled, row.loggedOut, row.letIn],
      ...[Math.round(row.p99Before), row.backAfter.toFixed(1), row.rankedAfter.toFixed(1)],
    ]),
  ];
  console.info(lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n'));
}
