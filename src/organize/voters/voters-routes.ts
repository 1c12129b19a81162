import { stringify } from 'csv-stringify/sync';
import { type Request, type Response, Router } from 'express';
import { userOf } from '../../auth/sessions/current-user.js';
import {
  type Invitation,
  invitationTokenOf,
  invite,
  listInvitations,
  MAX_INVITATIONS,
  readInvitees,
  renewInvitation,
  renewUnusedInvitations,
  revokeInvitation,
} from '../../catalog/invitations.js';
import type { Config } from '../../config.js';
import type { Database } from '../../database.js';
import { methodNotAllowed } from '../../http/errors.js';
import { readForm } from '../../http/form.js';
import { keepSecret } from '../../http/headers.js';
import { sendPage } from '../../http/page.js';
import { notFound } from '../../http/problem.js';
import type { Board } from '../../ranking/boards/board.js';
import type { Boards } from '../../ranking/boards/board-loader.js';
import { tracksOf } from '../../ranking/boards/track.js';
import { hashToken } from '../../tokens.js';
import { readFreshSeed, startFreshLinks } from '../fresh-links.js';
import { backTo, managePage } from '../manage-page.js';
import { qrCodeOf } from '../qr-code.js';
import { organizedTopicOf, requireRole } from '../require-role.js';
import { readOwnWork } from './own-work.js';

/** The page on which organisers invite voters, and get each voter's personal link once. */
export function votersRoutes(services: { db: Database; boards: Boards; config: Config }): Router {
  const { db, boards, config } = services;
  const router = Router();

  router
    .route('/topics/:slug/manage/voters')
    .get(requireRole(services, 'look'), (req, res) => showVoters(req, res))
    .post(requireRole(services, 'run'), async (req, res) => {
      const { names, track } = readForm(req, 'names', 'track');
      const read = readInvitees(names);
      const isTrack = track === '' || tracksOf(await boardOf(res)).includes(track);
      const error = 'error' in read ? read.error : isTrack ? undefined : NO_TRACK;
      if ('error' in read || error) return showVoters(req, res.status(422), { names, track, error });
      const seed = startFreshLinks(res);
      const act = { ...actorOf(res), invitees: read.invitees, track: track || null, seed };
      if (!(await db.transaction().execute((trx) => invite(trx, act))))
        return showVoters(req, res.status(422), { names, track, error: TOO_MANY });
      return backTo(res, '/voters', 'voters-invited');
    })
    .all(methodNotAllowed);

  router
    .route('/topics/:slug/manage/voters/links.csv')
    .get(requireRole(services, 'run'), async (req, res) => {
      keepSecret(res);
      const links = (await readVoters(req, res)).flatMap(({ name, team, url }) =>
        url ? [{ name, team, url }] : [],
      );
      const columns = ['name', 'team', 'url'];
      res
        .attachment('personal-links.csv')
        .type('csv')
        .send(stringify(links, { header: true, columns, escape_formulas: true }));
    })
    .all(methodNotAllowed);

  router
    .route('/topics/:slug/manage/voters/sheet')
    .get(requireRole(services, 'run'), async (req, res) => {
      keepSecret(res);
      const links = (await readVoters(req, res)).flatMap(({ name, team, url }) =>
        url ? [{ name, team, url }] : [],
      );
      const page = Math.max(Math.trunc(Number(req.query.page)) || 1, 1);
      const shown = links.slice((page - 1) * SHEET_SIZE, page * SHEET_SIZE);
      const cards = shown.map((link) => ({
        ...link,
        address: link.url.replace(/^https?:\/\//, ''),
        qr: qrCodeOf(link.url),
      }));
      const next = links.length > page * SHEET_SIZE ? page + 1 : undefined;
      sendPage(res, 'organize/sheet', { ...managePage(res), cards, next });
    })
    .all(methodNotAllowed);

  router
    .route('/topics/:slug/manage/voters/links')
    .post(requireRole(services, 'run'), async (_req, res) => {
      const act = { ...actorOf(res), seed: startFreshLinks(res) };
      await db.transaction().execute((trx) => renewUnusedInvitations(trx, act));
      await backTo(res, '/voters', 'voter-links-new');
    })
    .all(methodNotAllowed);

  router
    .route('/topics/:slug/manage/voters/:id/link')
    .post(requireRole(services, 'run'), async (req, res) => {
      const seed = startFreshLinks(res);
      const act = { ...actorOf(res), id: idOf(req), seed };
      if (!(await db.transaction().execute((trx) => renewInvitation(trx, act)))) throw notFound();
      await backTo(res, '/voters', 'voter-link-new');
    })
    .all(methodNotAllowed);

  router
    .route('/topics/:slug/manage/voters/:id/revoke')
    .post(requireRole(services, 'run'), async (req, res) => {
      const act = { ...actorOf(res), id: idOf(req) };
      if (!(await db.transaction().execute((trx) => revokeInvitation(trx, act)))) throw notFound();
      await backTo(res, '/voters', 'voter-revoked');
    })
    .all(methodNotAllowed);

  async function showVoters(
    req: Request,
    res: Response,
    form: { names: string; track: string; error?: string | undefined } = { names: '', track: '' },
  ): Promise<void> {
    keepSecret(res);
    const voters = await readVoters(req, res);
    const fresh = voters.filter(({ url }) => url).length;
    const standing = voters.filter(({ isRevoked }) => !isRevoked);
    const board = await boardOf(res);
    sendPage(res, 'organize/voters', {
      ...{ ...managePage(res), voters, fresh, error: undefined, ...form },
      standing: standing.length,
      joined: standing.filter(({ hasJoined }) => hasJoined).length,
      waiting: standing.filter(({ votes }) => votes < (board.topic.votesEach ?? 1)),
      tracks: tracksOf(board),
      ownWork: await readOwnWork(db, board),
    });
  }

  async function boardOf(res: Response): Promise<Board> {
    await boards.refresh();
    const board = boards.byTopic(organizedTopicOf(res).topic.id);
    if (!board) throw notFound();
    return board;
  }

  /** The invitations of the topic, with the links that this browser has just made. */
  async function readVoters(req: Request, res: Response): Promise<(Invitation & { url?: string })[]> {
    const seed = managePage(res).mayRun ? readFreshSeed(req) : undefined;
    const invitations = await listInvitations(db, organizedTopicOf(res).topic.id);
    return invitations.map((invitation) => {
      const token = seed && invitationTokenOf(seed, invitation.id);
      return token && hashToken(token) === invitation.tokenHash && !invitation.isRevoked
        ? { ...invitation, url: `${config.publicOrigin}/join/${token}` }
        : invitation;
    });
  }

  return router;
}

const NO_TRACK = 'No two things have that tag any more. Choose another track.';
/** So many QR codes are drawn in a blink. */
const SHEET_SIZE = 120;

const TOO_MANY = `A topic can have ${MAX_INVITATIONS} invited voters. Leave some out.`;

const actorOf = (res: Response) => ({ topicId: organizedTopicOf(res).topic.id, userId: userOf(res).id });

/** @throws Problem 404 when the address has no id */
function idOf({ params }: Request): number {
  if (!/^[1-9]\d{0,14}$/.test(String(params.id))) throw notFound();
  return Number(params.id);
}
