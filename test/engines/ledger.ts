import { expect } from 'vitest';
import type { Database } from '../../src/database.js';
import { ledgerDifferences } from '../faults/checks.js';
import type { Voter } from '../faults/voter.js';

/** The votes that the site has acknowledged to some voters: who, which ballot, and what it says now. */
export const acknowledgedBy = (voters: Voter[]): string[] =>
  voters.flatMap(({ name, acknowledged }) =>
    [...acknowledged].map(([id, choice]) => `${name} ${id} ${choice}`),
  );

/** Expects that the ledger has exactly the votes that the site has acknowledged to these voters. */
export async function expectLedger(db: Database, voters: Voter[]): Promise<void> {
  const differences = await ledgerDifferences(db, acknowledgedBy(voters), []);
  expect(differences).toEqual({ lost: [], unexpected: [], doubled: [] });
}
