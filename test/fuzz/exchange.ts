import { Agent, request as httpRequest } from 'node:http';
import { connect } from 'node:net';

/** A request as it goes over the wire. */
export interface WireRequest {
  method: string;
  /** Path and query, not yet checked or escaped. */
  path: string;
  /** Names and values in their order; names may come twice. */
  headers: [name: string, value: string][];
  body: Buffer | undefined;
  /** Bytes that replace the whole request, for what no HTTP client sends. */
  raw?: Buffer;
}

/** What came back. The status is 0 where the connection was closed without an answer. */
export interface Answer {
  status: number;
  /** The header `Content-Type`; empty without it. */
  type: string;
  text: string;
}

/** How long an answer may take, in milliseconds. Downloads and pictures share two cores with the fuzzer. */
const PATIENCE_MS = 30_000;

/** How long a broken request waits for the answer that may never come, in milliseconds. */
const RAW_PATIENCE_MS = 300;

/** Sends requests to one port of this machine. */
export class Exchange {
  readonly #port: number;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 32 });

  constructor(port: number) {
    this.#port = port;
  }

  /**
   * Sends a request, and reads the answer. What Node's client refuses to send goes over a socket as it is.
   * @throws Error when no answer comes within half a minute
   */
  async send(request: WireRequest): Promise<Answer> {
    if (request.raw) return this.#sendBytes(request.raw);
    if (!isFramed(request)) return this.#sendBytes(bytesOf(request));
    try {
      return await this.#sendWithClient(request);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      return this.#sendBytes(bytesOf(request));
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  #sendWithClient({ method, path, headers, body }: WireRequest): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const options = { host: '127.0.0.1', port: this.#port, method, path, headers: headers.flat() };
      const sent = httpRequest({ ...options, agent: this.#agent }, (answer) => {
        const chunks: Buffer[] = [];
        const finish = (): void => {
          clearTimeout(timer);
          const { statusCode: status = 0, headers } = answer;
          const text = Buffer.concat(chunks).toString('latin1');
          resolve({ status, type: headers['content-type'] ?? '', text });
        };
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', finish).on('error', finish);
      });
      const timer = setTimeout(() => {
        reject(new Error('no answer within half a minute'));
        sent.destroy();
      }, PATIENCE_MS);
      sent.on('error', () => {
        clearTimeout(timer);
        resolve({ status: 0, type: '', text: '' });
      });
      sent.end(body);
    });
  }

  #sendBytes(bytes: Buffer): Promise<Answer> {
    return new Promise((resolve) => {
      const socket = connect(this.#port, '127.0.0.1');
      const chunks: Buffer[] = [];
      const finish = (): void => {
        clearTimeout(timer);
        socket.destroy();
        const [head = '', ...parts] = Buffer.concat(chunks).toString('latin1').split('\r\n\r\n');
        const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? 0);
        const type = /^content-type: (.*)$/im.exec(head)?.[1]?.trim() ?? '';
        // An empty body that is sent in chunks has only the last one.
        const text = parts.join('\r\n\r\n').replace(/^0\r\n\r\n$/, '');
        resolve({ status, type, text });
      };
      const timer = setTimeout(finish, RAW_PATIENCE_MS);
      socket.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
      });
      socket.on('close', finish).on('error', finish);
      socket.end(bytes);
    });
  }
}

// With another length than it says, or with a switch of protocols, a request would be mixed up with the next one.
function isFramed({ headers, body }: WireRequest): boolean {
  const lengths = headers.filter(([name]) => name === 'Content-Length').map(([, value]) => value);
  return (
    lengths.every((length) => lengths.length === 1 && length === String(body?.length)) &&
    !headers.some(([name]) => /^(transfer-encoding|expect|upgrade|connection)$/i.test(name))
  );
}

/** Returns a request as bytes, exactly as it is. */
export function bytesOf({ method, path, headers, body }: WireRequest): Buffer {
  const lines = [`${method} ${path} HTTP/1.1`, ...headers.map(([name, value]) => `${name}: ${value}`)];
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), ...(body ? [body] : [])]);
}
