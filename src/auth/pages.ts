import type { EndReason } from '../schema.js';
import type { Contact } from '../site/contact.js';
import type { headOf } from './audit/hash-chain.js';
import type { TimelineEntry } from './audit/timeline.js';
import type { EmailAddress } from './email/addresses.js';
import type { Passkey } from './passkeys/passkeys.js';
import type { PasswordLength } from './passwords/passwords.js';
import type { Device } from './sessions/devices.js';
import type { LiveSession } from './sessions/sessions.js';
import type { FormerName } from './users/rename.js';
import type { Credentials, FieldErrors } from './users/users.js';

declare module '../http/page.js' {
  interface Pages {
    'auth/login': LogInPage;
    'auth/register': RegisterPage;
    'auth/closed': { isByInvitation: boolean; contact: Contact | undefined };
    'auth/password': PasswordPage;
    'auth/confirm': ConfirmPage;
    'auth/devices': DevicesPage;
    'auth/passkeys': PasskeysPage;
    'auth/name': NamePage;
    'auth/email': EmailPage;
    'auth/confirm-email': ConfirmEmailPage;
    'auth/recover': RecoverPage;
    'auth/reset': ResetPage;
    'auth/recovery-code': RecoveryCodePage;
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
  /** Why a passkey was refused. */
  passkeyError?: string;
  /** Why the previous session of this browser ended. */
  endMessage?: string | undefined;
}

/** The registration form, with the fields and errors of an attempt that was refused. */
interface RegisterPage {
  /** The path to go to after the registration. */
  next: string;
  length: PasswordLength;
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
  length: PasswordLength;
  errors?: FieldErrors<'current' | 'password'>;
}

/** The question for the password, before a request that needs it. */
interface ConfirmPage {
  /** The path and the fields of that request. The form sends them again. */
  action: string;
  fields: [name: string, value: string][];
  hasPasskey: boolean;
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

/** The form for a new password by the recovery code, with the fields of an attempt that was refused. */
interface RecoverPage {
  length: PasswordLength;
  username?: string;
  code?: string;
  /** Why the name and the code were refused. */
  error?: string;
  passwordError?: string;
  contact: Contact | undefined;
  /** Whether the site can send a link by mail. */
  sendsMail: boolean;
}

/** The form for a new password by a link. */
interface ResetPage {
  token: string;
  username: string;
  length: PasswordLength;
  error?: string;
}

/** The recovery code, once, or when it was made. */
interface RecoveryCodePage {
  /** Its groups, each with the hyphen after it. Undefined when it can't be shown any more. */
  code: string[] | undefined;
  /** Undefined when the user has none. */
  createdAt: Date | undefined;
  /** The path to go to after the code was saved. */
  next: string;
  /** How many passkeys log in to this account. */
  passkeys: number;
}

/** A user's passkeys, and the form for another one. */
interface PasskeysPage {
  passkeys: Passkey[];
  /** The name for a new one, when it was refused, and why. */
  name?: string;
  error?: string;
}

/** The form for another name, with the name that was typed. */
interface NamePage {
  name: string;
  error?: string;
  /** The names that are kept for the user. */
  former: FormerName[];
}

/** The user's e-mail address, and the form for another one. */
interface EmailPage {
  current: EmailAddress | undefined;
  address?: string;
  error?: string;
}

/** The question whether an address is right. */
interface ConfirmEmailPage {
  token: string;
  address: string;
}
