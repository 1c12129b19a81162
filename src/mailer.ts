import type { Logger } from 'pino';
import type { Config } from './config.js';

/** A mail of plain text. */
export interface Mail {
  /** The name of the site. */
  from: string;
  to: string;
  subject: string;
  text: string;
}

/** Sends a mail aside. Nobody waits for it, and a failure goes to the log. */
export type SendMail = (mail: Mail) => void;

const TIMEOUT_MS = 20_000;

/** Returns what sends mail through the server of the settings; undefined when they name none. */
export function createMailer({ smtpUrl, mailFrom }: Config, log: Logger): SendMail | undefined {
  if (!smtpUrl || !mailFrom) return undefined;
  const limits = { connectionTimeout: TIMEOUT_MS, greetingTimeout: TIMEOUT_MS, socketTimeout: TIMEOUT_MS };
  // Loaded only where mail is sent.
  const transport = import('nodemailer').then(({ createTransport }) =>
    createTransport({ url: smtpUrl, ...limits }),
  );
  const send = async ({ from, ...mail }: Mail): Promise<void> => {
    await (await transport).sendMail({ from: { name: from, address: mailFrom }, ...mail });
  };
  return (mail) => {
    // The error of the library names the address. The log does not.
    send(mail).catch(({ code }) => log.error({ reason: String(code) }, 'a mail could not be sent'));
  };
}
