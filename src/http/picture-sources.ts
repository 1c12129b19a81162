/** What an `img` needs to show a picture in the size that fits. */
export interface PictureSources {
  src: string;
  /** The widths that there are, for `srcset`; undefined for a drawing, which has one file for all sizes. */
  srcset: string | undefined;
}

/** The size of a picture in pixels. */
export interface PictureSize {
  width: number;
  height: number;
}

/** The widths in which an uploaded picture is kept, in pixels, besides its own when that is smaller. */
export const PICTURE_WIDTHS = [320, 640, 1280] as const;

const UPLOAD = /^([0-9a-f]{64})-(\d{1,5})x(\d{1,5})$/;

/** The text by which a thing names an uploaded picture: its hash and the size of its largest file. */
export const uploadedPicture = (hash: string, { width, height }: PictureSize): string =>
  `${hash}-${width}x${height}`;

/** Reads the text by which a thing names an uploaded picture; undefined for a file in public/pictures. */
export function parseUploaded(picture: string): (PictureSize & { hash: string }) | undefined {
  const [, hash, width, height] = UPLOAD.exec(picture) ?? [];
  return hash ? { hash, width: Number(width), height: Number(height) } : undefined;
}

/** The widths of the files of an uploaded picture, the smallest first. */
export const widthsOf = (width: number): number[] => [
  ...PICTURE_WIDTHS.filter((size) => size < width),
  width,
];

/** Tells a browser where the files of a picture are. @param picture as a thing names it */
export function pictureSources(picture: string): PictureSources {
  const uploaded = parseUploaded(picture);
  if (!uploaded) return { src: `/pictures/${picture}`, srcset: undefined };
  const files = widthsOf(uploaded.width).map((width) => ({ width, path: picturePath(uploaded.hash, width) }));
  return {
    src: files[0]?.path ?? '',
    srcset: files.map(({ path, width }) => `${path} ${width}w`).join(', '),
  };
}

/** The address of one file of an uploaded picture. */
export const picturePath = (hash: string, width: number): string => `/pictures/${hash}-${width}.webp`;
