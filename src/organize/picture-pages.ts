import type { FileResult } from '../catalog/pictures/add-picture-things.js';
import type { Thing } from '../catalog/things.js';
import type { ManagePage } from './pages.js';

declare module '../http/page.js' {
  interface Pages {
    'organize/pictures': PicturesPage;
    'organize/picture': PicturePage;
  }
}

interface PicturesPage extends ManagePage {
  /** The most pictures of one form, and the most megabytes of each. */
  most: { pictures: number; megabytes: number };
  /** What came out of the files of the last form, in their order. */
  results: FileResult[];
  /** How many of these became a thing. */
  fine: number;
  /** What is wrong with the form as a whole. */
  error: string | undefined;
}

interface PicturePage extends ManagePage {
  thing: Pick<Thing, 'id' | 'name' | 'picture'>;
  maxMegabytes: number;
  error: string | undefined;
}
