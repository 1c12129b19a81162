import type { EndReason } from '../schema.js';
import type { Contact } from '../site/contact.js';
import type { headOf } from './audit/hash-chain.js';
import type { TimelineEntry } from './audit/timeline.js';
import type { PASSWORD_LENGTH } from './passwords/passwords.js';
import type { Device } from './sessions/devices.js';
import type { LiveSession } from './sessions/sessions.js';
import type { Credentials, FieldErrors } from './users/users.js';

declare module '../http/page.js' {
  interface Pages {
    'auth/login': LogInPage;
    'auth/register': RegisterPage;
    'auth/closed': { isByInvitation: boolean; contact: Contact | undefined };
    'auth/password': PasswordPage;
    'auth/confirm': ConfirmPage;
    'auth/devices': DevicesPage;
  }
}

/** The log-in form, with the fields of an attempt that was refused. */
interface LogInPage {
  /** The path to go to after the log-in. */
  next: string;
  username?: string;
  remembered?: boolean;
  /** How long a session without `remembered` may be inactive. */
  idleSeconds: number;
  error?: string;
  /** Why the previous session of this browser ended. */
  endMessage?: string | undefined;
}

/** The registration form, with the fields and errors of an attempt that was refused. */
interface RegisterPage {
  /** The path to go to after the registration. */
  next: string;
  length: typeof PASSWORD_LENGTH;
  /** The token of the invitation that the visitor opened; empty without one. */
  invitation: string;
  /** Whether an admin has to let the new user in. */
  awaitsApproval: boolean;
  username?: string;
  remembered?: boolean;
  /** How long a session without `remembered` may be inactive. */
  idleSeconds: number;
  errors?: FieldErrors<keyof Credentials>;
  /** Why nobody from this network can sign up now, and when to try again. */
  refusal?: string;
}

/** The form for a new password. */
interface PasswordPage {
  length: typeof PASSWORD_LENGTH;
  errors?: FieldErrors<'current' | 'password'>;
}

/** The question for the password, before a request that needs it. */
interface ConfirmPage {
  /** The path and the fields of that request. The form sends them again. */
  action: string;
  fields: [name: string, value: string][];
  error: string | undefined;
}

/** A user's sessions, and what happened to them. */
interface DevicesPage {
  live: Device[];
  ended: Device[];
  timeline: TimelineEntry[];
  head: Awaited<ReturnType<typeof headOf>>;
  session: LiveSession | undefined;
  endings: Record<EndReason, string>;
}
