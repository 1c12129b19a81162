import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';
import { vi } from 'vitest';

/** A mail that has arrived: to whom, and its whole text. */
interface ReceivedMail {
  to: string;
  text: string;
}

/** Starts a mail server that keeps what it gets. */
export async function startMailServer() {
  /** In the order of their arrival. */
  const mails: ReceivedMail[] = [];
  const server = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const to = session.envelope.rcptTo.map(({ address }) => address).join();
        const text = Buffer.concat(chunks).toString().replace(/=\r\n/g, '').replaceAll('=3D', '=');
        mails.push({ to, text });
        done();
      });
    },
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.server.address() as AddressInfo;
  return {
    settings: { smtpUrl: `smtp://127.0.0.1:${port}`, mailFrom: 'site@thinga.example' },
    /** The mails that nobody has taken yet. */
    mails,
    /** Waits for the next mail to an address, and takes it. `path` is that of the link in it. */
    async nextMail(to: string, origin: string): Promise<{ text: string; path: string }> {
      const mail = await vi.waitUntil(() => mails.find((one) => one.to === to), { timeout: 20_000 });
      mails.splice(mails.indexOf(mail), 1);
      const link = new RegExp(`${origin}(/[\\w/-]+)`).exec(mail.text);
      return { text: mail.text, path: link?.[1] ?? '' };
    },
    close: () => new Promise<void>((resolve) => server.close(resolve)),
  };
}
