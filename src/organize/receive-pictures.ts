import type { Request } from 'express';
import type { ReceivedFile } from '../catalog/pictures/add-picture-things.js';
import type { Pictures } from '../catalog/pictures/pictures.js';
import { removeUnshown } from '../catalog/pictures/remove-unused.js';
import type { Database } from '../database.js';
import { count } from '../http/format.js';
import { Problem } from '../http/problem.js';
import { readUpload, TooManyFilesProblem } from '../http/upload.js';

/** The most pictures of one form. */
export const MAX_PICTURES = 200;
/** A form may hold as many bytes as this many of the largest pictures. */
const LARGE_PICTURES = 50;
const FIELD_BYTES = 100_000;

/** What came with a form. */
export interface Received {
  files: ReceivedFile[];
  /** The text fields by name. Of two with the same name, the last one counts. */
  fields: Map<string, string>;
  /** What is wrong with the form as a whole; undefined when nothing is. */
  problem: string | undefined;
}

/**
 * Reads a form with pictures and stores them for a topic. When it does not come to its end, nothing of it stays.
 * @param most how many pictures are read
 * @throws what `readUpload` and `Pictures.save` throw, except for too many files or bytes
 */
export async function receivePictures(
  { db, pictures }: { db: Database; pictures: Pictures },
  req: Request,
  { topicId, most = MAX_PICTURES }: { topicId: number; most?: number },
): Promise<Received> {
  const received: Received = { files: [], fields: new Map(), problem: undefined };
  const limits = {
    ...{ files: most, fileBytes: pictures.maxBytes + 1, fieldBytes: FIELD_BYTES },
    requestBytes: LARGE_PICTURES * pictures.maxBytes,
  };
  try {
    for await (const part of readUpload(req, limits)) {
      if ('value' in part) received.fields.set(part.name, part.value);
      else
        received.files.push({
          filename: part.filename,
          saved: await pictures.save(topicId, part.stream),
        });
    }
  } catch (error) {
    received.problem = describeExcess(error);
    if (!(error instanceof TooManyFilesProblem)) {
      await removeUnshown(
        db,
        topicId,
        received.files.flatMap(({ saved }) => newPicture(saved)),
      );
      received.files = [];
    }
    if (received.problem === undefined) throw error;
  }
  return received;
}

const newPicture = (saved: ReceivedFile['saved']): string[] =>
  'picture' in saved && saved.isNew ? [saved.picture] : [];

function describeExcess(error: unknown): string | undefined {
  if (error instanceof TooManyFilesProblem)
    return `You chose more than ${count(error.files, 'picture')}. The others were left out. Send them next.`;
  return error instanceof Problem && error.status === 413
    ? 'These pictures are too large to send at once. Choose fewer of them.'
    : undefined;
}
