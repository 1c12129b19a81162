import type { AuthenticationResponseJSON, RegistrationResponseJSON } from '@simplewebauthn/server';
import { z } from 'zod';
import type { Config } from '../../config.js';

const base64url = z
  .string()
  .max(20_000)
  .regex(/^[\w-]+$/);
const credential = z.object({
  id: base64url.max(1400),
  rawId: base64url.max(1400),
  type: z.literal('public-key'),
});
const clientExtensionResults = z.object({}).default({});
const assertion = credential.extend({
  response: z.object({
    clientDataJSON: base64url,
    authenticatorData: base64url,
    signature: base64url,
    userHandle: base64url,
  }),
  clientExtensionResults,
});
const attestation = credential.extend({
  response: z.object({
    clientDataJSON: base64url,
    attestationObject: base64url,
    transports: z
      .array(z.string().regex(/^[\w-]{1,20}$/))
      .max(10)
      .default([]),
  }),
  clientExtensionResults,
});

/** What a browser answers when a passkey was used. The user handle says whose it is. */
export type Assertion = AuthenticationResponseJSON & z.output<typeof assertion>;

/** Reads the answer of a browser from a field of a form; undefined when it can't be one. */
export const readAssertion = (text: string): Assertion | undefined =>
  assertion.safeParse(parseJson(text)).data;

/** Reads a new passkey from a field of a form; undefined when it can't be one. */
export const readAttestation = (text: string): RegistrationResponseJSON | undefined =>
  attestation.safeParse(parseJson(text)).data as RegistrationResponseJSON | undefined;

/** The challenge that a browser answers; empty when the answer names none. */
export function challengeOf({ response }: { response: { clientDataJSON: string } }): string {
  const text = Buffer.from(response.clientDataJSON, 'base64url').toString();
  return z.object({ challenge: z.string().max(200) }).safeParse(parseJson(text)).data?.challenge ?? '';
}

/** What every answer must be for: this site, and nothing that looks like it. */
export function relyingPartyOf({ publicOrigin }: Pick<Config, 'publicOrigin'>) {
  return {
    expectedOrigin: publicOrigin,
    expectedRPID: new URL(publicOrigin).hostname,
    requireUserVerification: true,
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
