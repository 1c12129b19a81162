import type { Sharp, SharpOptions } from 'sharp';
import { PICTURE_WIDTHS, widthsOf } from '../../http/picture-sources.js';
import { recognisePicture } from './recognise.js';

/** A picture as it is stored: WebP, turned the right way up, in sRGB, without anything about where it is from. */
export interface DecodedPicture {
  /** The size of the largest file, in pixels. */
  width: number;
  height: number;
  /** One file for each width, the smallest first. */
  sizes: { width: number; body: Uint8Array }[];
}

/** Why a file is not taken as a picture. */
export type DecodeProblem = 'empty' | 'svg' | 'unknown' | 'heic' | 'pixels' | 'damaged';

/** The most pixels of a picture, in millions: those of a large phone camera. A bomb has more. */
export const MAX_MEGAPIXELS = 64;

/** The largest file has this size at most, in pixels. A picture is never enlarged. */
const MAX_SIZE = { width: Math.max(...PICTURE_WIDTHS), height: 1920 };

/** Everything that reads a file. sharp can read more formats, and none of these is needed here. */
const LOADERS = ['Jpeg', 'Png', 'Webp', 'Nsgif', 'Heif'].map((name) => `VipsForeignLoad${name}Buffer`);

type SharpModule = typeof import('sharp')['default'];

/**
 * Decodes pictures and writes them as WebP. It runs in a process of its own (decoder-process.ts), because nothing but
 * its end stops a decoder that hangs, and because a fault in a decoder ends its process.
 */
export class PictureConverter {
  readonly #sharp: SharpModule;

  constructor(sharp: SharpModule) {
    this.#sharp = sharp;
    sharp.block({ operation: ['VipsForeignLoad'] });
    sharp.unblock({ operation: LOADERS });
    sharp.cache(false);
  }

  /** Decodes a file. Of an animation, it takes the first frame. */
  async decode(bytes: Uint8Array): Promise<DecodedPicture | { problem: DecodeProblem }> {
    if (bytes.length === 0) return { problem: 'empty' };
    const format = recognisePicture(bytes);
    if (format === undefined) return { problem: 'unknown' };
    if (format === 'svg') return { problem: 'svg' };
    try {
      const { width, height } = await this.#open(bytes, { limitInputPixels: false }).metadata();
      if (width * height > MAX_MEGAPIXELS * 1e6) return { problem: 'pixels' };
      return await this.#convert(bytes);
    } catch {
      // The messages of decoders are for programmers, and may hold bytes of the file.
      return { problem: format === 'heic' ? 'heic' : 'damaged' };
    }
  }

  /** Turns a stored file into a small PNG, for programs that can't read WebP. */
  png(body: Uint8Array): Promise<Uint8Array> {
    return this.#open(body).resize({ width: 280, height: 280, fit: 'inside' }).png().toBuffer();
  }

  #open(bytes: Uint8Array, options: SharpOptions = {}): Sharp {
    return this.#sharp(bytes, {
      ...{ limitInputPixels: MAX_MEGAPIXELS * 1e6, failOn: 'error', pages: 1, sequentialRead: true },
      ...options,
    });
  }

  async #convert(bytes: Uint8Array): Promise<DecodedPicture> {
    // Decoded once. Pixels without a format hold no metadata.
    const { data, info } = await this.#open(bytes)
      .autoOrient()
      .resize({ ...MAX_SIZE, fit: 'inside', withoutEnlargement: true })
      .toColourspace('srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    const { width, height, channels } = info;
    const pixels = { raw: { width, height, channels } };
    const sizes: DecodedPicture['sizes'] = [];
    for (const size of widthsOf(width)) {
      // With more effort it takes half as long again, for a twentieth fewer bytes at most.
      const file = this.#sharp(data, pixels).resize({ width: size }).webp({ quality: 80, effort: 2 });
      sizes.push({ width: size, body: await file.toBuffer() });
    }
    return { width, height, sizes };
  }
}
