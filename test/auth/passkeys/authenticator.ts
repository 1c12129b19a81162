import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';

interface Options {
  challenge: string;
  user?: { id: string };
}

const sha256 = (data: string | Buffer): Buffer => createHash('sha256').update(data).digest();
const base64url = (data: string | Buffer): string => Buffer.from(data).toString('base64url');
const [PRESENT, VERIFIED, HAS_KEY] = [0x01, 0x04, 0x40];

/**
 * An authenticator in software, with one passkey (Web Authentication, level 3, section 6). Its fields can be changed
 * to make answers that a site must refuse.
 */
export class Authenticator {
  readonly id = randomBytes(16);
  readonly #keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  userHandle = '';
  counter = 0;
  /** Whether it recognises its owner. */
  verifies = true;
  rpId: string;
  origin: string;

  constructor(origin: string) {
    this.origin = origin;
    this.rpId = new URL(origin).hostname;
  }

  /** Answers the options for a new passkey. @returns the JSON that the browser sends */
  create({ challenge, user }: Options): string {
    this.userHandle = user?.id ?? '';
    const { x = '', y = '' } = this.#keys.publicKey.export({ format: 'jwk' });
    const bytes = (hex: string, data: string) =>
      Buffer.concat([Buffer.from(hex, 'hex'), Buffer.from(data, 'base64url')]);
    // A COSE key for ES256 in CBOR.
    const key = Buffer.concat([Buffer.from('a5010203262001', 'hex'), bytes('215820', x), bytes('225820', y)]);
    const length = Buffer.from([0, this.id.length]);
    const data = Buffer.concat([this.#data(HAS_KEY), Buffer.alloc(16), length, this.id, key]);
    // {fmt: 'none', attStmt: {}, authData: data} in CBOR.
    const start = Buffer.from('a363666d74646e6f6e656761747453746d74a068617574684461746158', 'hex');
    const attestationObject = base64url(Buffer.concat([start, Buffer.from([data.length]), data]));
    return this.#answer('webauthn.create', challenge, () => ({
      attestationObject,
      transports: ['internal'],
    }));
  }

  /** Answers the options of a log-in or a confirmation. @returns the JSON that the browser sends */
  get({ challenge }: Options): string {
    if (this.counter > 0) this.counter++;
    const data = this.#data(0);
    return this.#answer('webauthn.get', challenge, (clientData) => ({
      authenticatorData: base64url(data),
      signature: base64url(sign('sha256', Buffer.concat([data, sha256(clientData)]), this.#keys.privateKey)),
      userHandle: this.userHandle,
    }));
  }

  #data(flags: number): Buffer {
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(this.counter);
    const all = flags | PRESENT | (this.verifies ? VERIFIED : 0);
    return Buffer.concat([sha256(this.rpId), Buffer.from([all]), counter]);
  }

  #answer(type: string, challenge: string, respond: (clientData: string) => object): string {
    const clientData = JSON.stringify({ type, challenge, origin: this.origin, crossOrigin: false });
    const id = base64url(this.id);
    const response = { clientDataJSON: base64url(clientData), ...respond(clientData) };
    return JSON.stringify({ id, rawId: id, type: 'public-key', response, clientExtensionResults: {} });
  }
}
