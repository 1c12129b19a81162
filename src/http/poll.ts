import type { Request } from 'express';

/**
 * Tells whether a page sent this request by itself to look for news. Such a request does not extend a
 * session. Anyone can set the header, but that only shortens their own session.
 */
export const isPoll = (req: Request): boolean => req.get('Thinga-Poll') !== undefined;
