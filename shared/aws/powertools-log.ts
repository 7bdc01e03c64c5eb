import { Logger } from '@aws-lambda-powertools/logger';

import { safeLog } from '../observe/log.ts';
import type { SafeLog } from '../observe/log.ts';

export type LogLevel = 'DEBUG' | 'INFO' | 'WARN' | 'ERROR';

/**
 * Log lines as JSON, one for each event, below the function's own log group: information on stdout, warnings and errors
 * on stderr, where Lambda collects both. A level set by Lambda's own logging controls goes before `level`.
 */
export function createPowertoolsLog(options: { service: string; level: LogLevel }): SafeLog {
  const logger = new Logger({ serviceName: options.service, logLevel: options.level });
  return safeLog({
    info: (event, fields) => logger.info(event, { ...fields }),
    warn: (event, fields) => logger.warn(event, { ...fields }),
    error: (event, fields) => logger.error(event, { ...fields }),
  });
}
