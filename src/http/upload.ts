import { PassThrough, Readable, Transform } from 'node:stream';
import { Busboy, type BusboyInstance } from '@fastify/busboy';
import type { Request } from 'express';
import { count, number } from './format.js';
import { Problem } from './problem.js';

/** How much one form with files may hold. */
export interface UploadLimits {
  /** The most files. Files beyond are skipped, and then `TooManyFilesProblem` is thrown. */
  files: number;
  /** The most bytes of a file that are read. The rest of a longer file is skipped. */
  fileBytes: number;
  /** The most bytes of the whole request. */
  requestBytes: number;
  /** The most bytes of one text field. */
  fieldBytes: number;
}

/** A text field of the form. */
export interface UploadedField {
  name: string;
  value: string;
}

/** A file of the form. The next part comes when this one has been read. */
export interface UploadedFile {
  name: string;
  /** As the visitor's device names it, without folders. */
  filename: string;
  stream: Readable;
}

/** More files came than are taken. Those up to the limit were read. */
export class TooManyFilesProblem extends Problem {
  readonly files: number;

  constructor(files: number) {
    const message = `You chose more than ${count(files, 'file')}. Go back, and choose fewer.`;
    super(413, 'That was too much at once', message);
    this.files = files;
  }
}

const MAX_FIELDS = 1_000;

/**
 * Reads a form with files (multipart/form-data) while it arrives, part by part in its order. While a file is not read,
 * nothing more of the request is taken in. What is left of a file when the next part is asked for is skipped. File
 * fields without a chosen file are left out.
 * @throws Problem 400 for a form that can't be read, 413 when the request is larger than allowed; TooManyFilesProblem
 * after the last part that is taken; an error with the code ERR_STREAM_PREMATURE_CLOSE when the visitor goes away. The
 * stream of a file throws the same.
 */
export async function* readUpload(
  req: Request,
  limits: UploadLimits,
): AsyncGenerator<UploadedField | UploadedFile> {
  let isComplete = false;
  try {
    if (Number(req.get('Content-Length') ?? 0) > limits.requestBytes) throw tooLarge(limits);
    const form = openForm(req, limits);
    for await (const part of form.parts as AsyncIterable<UploadedField | UploadedFile>) {
      yield part;
      if ('stream' in part) await skipRest(part.stream);
    }
    isComplete = true;
    if (form.hasTooManyFiles()) throw new TooManyFilesProblem(limits.files);
  } finally {
    if (!isComplete) closeSoon(req);
  }
}

/** Starts to read a form. `parts` holds its parts, as far as they have arrived. */
function openForm(req: Request, limits: UploadLimits): { parts: Readable; hasTooManyFiles(): boolean } {
  const parser = createParser(req, limits);
  const parts = new Readable({ objectMode: true, read: () => undefined });
  const files = new Set<PassThrough>();
  let hasTooManyFiles = false;

  const source = req.pipe(limitBytes(limits));
  const fail = (problem: Error): void => {
    req.unpipe();
    for (const file of files) file.destroy(problem);
    parts.destroy(problem);
  };
  parser.on('field', (name, value, ...[, isValueCut]) => {
    if (isValueCut) fail(tooLarge(limits));
    else parts.push({ name, value });
  });
  parser.on('file', (name, stream, filename) => {
    const file = new PassThrough();
    files.add(file);
    // Who reads the file gets an error from its stream. Without a listener, it would end the process.
    file.on('error', () => undefined).once('close', () => files.delete(file));
    stream.on('error', () => fail(unreadable())).pipe(file);
    if (filename) parts.push({ name, filename, stream: file });
    else file.resume();
  });
  parser.on('filesLimit', () => {
    hasTooManyFiles = true;
  });
  parser.on('finish', () => parts.push(null));
  parser.on('error', () => fail(unreadable()));
  source.on('error', fail).pipe(parser);
  req.once('close', () => {
    if (!req.complete) fail(Object.assign(new Error('the visitor went away'), { code: GONE }));
  });
  return { parts, hasTooManyFiles: () => hasTooManyFiles };
}

function createParser(req: Request, limits: UploadLimits): BusboyInstance {
  const type = req.get('Content-Type') ?? '';
  if (!/^multipart\/form-data\b/i.test(type)) throw unreadable();
  try {
    return new Busboy({
      headers: { ...req.headers, 'content-type': type },
      limits: {
        ...{ files: limits.files, fileSize: limits.fileBytes, fieldSize: limits.fieldBytes },
        ...{ fields: MAX_FIELDS, headerPairs: 20, headerSize: 8_192 },
      },
    });
  } catch {
    // The type names no boundary.
    throw unreadable();
  }
}

function limitBytes(limits: UploadLimits): Transform {
  let bytes = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes > limits.requestBytes) done(tooLarge(limits));
      else done(null, chunk);
    },
  });
}

async function skipRest(stream: Readable): Promise<void> {
  if (stream.readableEnded || stream.destroyed) return;
  await new Promise<void>((resolve) => {
    stream.once('close', resolve).resume();
  });
}

/** How long an answer may take to reach a browser that is still sending. */
const CLOSE_AFTER_MS = 5_000;

// A browser that is still sending reads the answer only while somebody takes in what it sends. A form of gigabytes is
// not taken in to its end.
function closeSoon(req: Request): void {
  if (req.complete) return;
  req.resume();
  req.res?.once('finish', () => setTimeout(() => req.complete || req.destroy(), CLOSE_AFTER_MS).unref());
}

const GONE = 'ERR_STREAM_PREMATURE_CLOSE';

const unreadable = (): Problem =>
  new Problem(400, 'We couldn’t read that form', 'Please go back and send it again.');

const tooLarge = ({ requestBytes }: UploadLimits): Problem =>
  new Problem(
    413,
    'That was too much at once',
    `One form can hold ${number(Math.floor(requestBytes / 1e6))} MB. Go back, and send the files in several parts.`,
  );
