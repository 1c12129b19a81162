import { buffer } from 'node:stream/consumers';
import type { RequestHandler } from 'express';
import { decodeText } from '../catalog/decode-text.js';
import { readUpload, type UploadLimits } from '../http/upload.js';

const MAX_BYTES = 4_000_000;
const LIMITS: UploadLimits = {
  ...{ files: 1, fileBytes: MAX_BYTES, fieldBytes: MAX_BYTES, requestBytes: 3 * MAX_BYTES },
};

/**
 * Reads a form with a text file, and adds the text to the field `things`, as if it was typed there. Without a script,
 * nobody else could. Other forms pass.
 * @throws Problem 400 or 413, as `readUpload`
 */
export const readTextFile: RequestHandler = async (req, _res, next) => {
  if (!req.is('multipart/form-data')) return next();
  const body: Record<string, string> = Object.create(null);
  for await (const part of readUpload(req, LIMITS)) {
    if ('value' in part) body[part.name] = part.value;
    else if (part.name === 'file') {
      const typed = (body.things ?? '').trimEnd();
      const text = decodeText(await buffer(part.stream));
      body.things = typed === '' ? text : `${typed}\n${text}`;
    }
  }
  req.body = body;
  next();
};
