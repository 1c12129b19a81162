import type { Request } from 'express';

/**
 * Whether a page asks by itself if there is anything new, with nobody having done anything. Such requests keep no
 * session alive; whoever claims to be one only shortens their own.
 */
export const isPoll = (req: Request): boolean => req.get('Thinga-Poll') !== undefined;
