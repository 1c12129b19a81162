import type { Config } from '../../config.js';
import { MAX_MEGAPIXELS } from './decode.js';
import type { DecoderProblem } from './decoder.js';

/** Why a file is not stored as a picture of a topic. */
export type PictureProblem = DecoderProblem | 'large' | 'full';

/** Says what is wrong with a file and what to do, in one or two sentences. */
export function describeProblem(
  problem: PictureProblem,
  { maxPictureMb, maxTopicMb }: Pick<Config, 'maxPictureMb' | 'maxTopicMb'>,
): string {
  return {
    empty: 'This file is empty.',
    large: `This file is larger than ${maxPictureMb} MB. Make it smaller and choose it again.`,
    svg: 'SVG files can’t be used here. Save it as PNG and choose it again.',
    unknown: 'This is not a picture that we can read. Use JPEG, PNG, WebP, AVIF or GIF.',
    heic: 'We can’t read this HEIC file. Save it as JPEG and choose it again.',
    pixels: `This picture has more than ${MAX_MEGAPIXELS} million pixels. Make it smaller and choose it again.`,
    damaged: 'This picture is damaged or cut off. Save it again and choose the new file.',
    slow: 'This picture took too long to read. Make it smaller and choose it again.',
    unavailable: 'Pictures can’t be read on this server. Tell the people who run it.',
    full: `This topic has no room for this picture. Its pictures may take ${maxTopicMb} MB together.`,
  }[problem];
}
