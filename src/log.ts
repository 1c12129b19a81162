import { type DestinationStream, type Logger, pino } from 'pino';

/**
 * The log: JSON lines on standard output. Of an error it keeps what kind it was, what it said and where, and
 * nothing that hangs on it: drivers put the command they were given there, session state included.
 * @param to standard output, unless told otherwise
 */
export function createLog(level: string, to: DestinationStream = pino.destination(1)): Logger {
  return pino({ level, serializers: { err: describeError } }, to);
}

function describeError(error: unknown): object {
  if (!(error instanceof Error)) return { message: String(error) };
  const code = 'code' in error ? String(error.code) : undefined;
  const cause = error.cause === undefined ? undefined : describeError(error.cause);
  return { type: error.name, message: error.message, code, stack: error.stack, cause };
}
