import type { EndReason } from '../schema.js';
import type { headOf } from './audit/hash-chain.js';
import type { Happening } from './audit/timeline.js';
import type { PASSWORD_LENGTH } from './passwords/passwords.js';
import type { Device } from './sessions/devices.js';
import type { LiveSession } from './sessions/sessions.js';
import type { FieldErrors, Registration } from './users/users.js';

declare module '../http/page.js' {
  interface Pages {
    'auth/login': LogInPage;
    'auth/register': RegisterPage;
    'auth/password': PasswordPage;
    'auth/confirm': ConfirmPage;
    'auth/devices': DevicesPage;
  }
}

/** Logging in, with what was typed when it was refused. */
interface LogInPage {
  /** Where it leads. */
  next: string;
  username?: string;
  remembered?: boolean;
  error?: string;
  /** Why the session before ended. */
  why?: string | undefined;
}

/** Registering, with what was typed when it was refused. */
interface RegisterPage {
  next: string;
  length: typeof PASSWORD_LENGTH;
  username?: string;
  errors?: FieldErrors<keyof Registration>;
}

/** Choosing another password. */
interface PasswordPage {
  length: typeof PASSWORD_LENGTH;
  errors?: FieldErrors<'current' | 'password'>;
}

/** The question for the password, before something that needs it goes on. */
interface ConfirmPage {
  /** Where the form goes on to, with these fields. */
  action: string;
  fields: [name: string, value: string][];
  error: string | undefined;
}

/** Where somebody is logged in, and what has happened. */
interface DevicesPage {
  live: Device[];
  ended: Device[];
  timeline: Happening[];
  head: Awaited<ReturnType<typeof headOf>>;
  session: LiveSession | undefined;
  endings: Record<EndReason, string>;
}
