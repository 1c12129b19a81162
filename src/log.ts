import { type DestinationStream, type Logger, pino } from 'pino';

/**
 * Creates the log: JSON lines on standard output. An error is logged with its type, message, code, stack and
 * cause only. Drivers attach more, such as the command they were given, which can hold session state.
 * @param level the least severe level that is logged
 * @param destination standard output by default
 */
export function createLog(level: string, destination: DestinationStream = pino.destination(1)): Logger {
  return pino({ level, serializers: { err: describeError } }, destination);
}

function describeError(error: unknown): object {
  if (!(error instanceof Error)) return { message: String(error) };
  const code = 'code' in error ? String(error.code) : undefined;
  const cause = error.cause === undefined ? undefined : describeError(error.cause);
  return { type: error.name, message: error.message, code, stack: error.stack, cause };
}
