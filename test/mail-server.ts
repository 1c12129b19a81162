import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';
import { vi } from 'vitest';

/** A mail that a site sent. */
export interface Mail {
  to: string;
  /** Headers and body. */
  text: string;
}

/** A mail server on this machine, which keeps what it gets. */
export interface MailServer {
  /** For `smtpUrl`. */
  url: string;
  /** The mails that nobody has read, in the order of their arrival. */
  mails: Mail[];
  /** Waits for the next mail to an address and takes it. @returns its text, and the path of the first link in it */
  next(to: string): Promise<{ text: string; path: string }>;
  close(): Promise<void>;
}

/** Starts a mail server on a free port. */
export async function openMailServer(): Promise<MailServer> {
  const mails: Mail[] = [];
  const server = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const to = session.envelope.rcptTo.map(({ address }) => address).join();
        const text = Buffer.concat(chunks).toString();
        mails.push({ to, text: text.replace(/=\r\n/g, '').replaceAll('=3D', '=') });
        done();
      });
    },
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.server.address() as AddressInfo;
  return {
    url: `smtp://127.0.0.1:${port}`,
    mails,
    async next(to) {
      const mail = await vi.waitUntil(() => mails.find((one) => one.to === to), { timeout: 20_000 });
      mails.splice(mails.indexOf(mail), 1);
      return { text: mail.text, path: /https?:\/\/[^/\s]+(\/[\w/-]+)/.exec(mail.text)?.[1] ?? '' };
    },
    close: () => new Promise<void>((resolve) => server.close(resolve)),
  };
}
