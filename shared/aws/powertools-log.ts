import { Logger } from '@aws-lambda-powertools/logger';

import { type SafeLog, safeLog } from '../observe/log.ts';

/**
 * Log lines as JSON, one for each event, in the function's own log group: information on stdout, warnings and errors on
 * stderr; Lambda collects both. The library takes the name of the stack's construct from POWERTOOLS_SERVICE_NAME. A level set in Lambda's own logging controls overrides this one.
 */
export function createPowertoolsLog(): SafeLog {
  const logger = new Logger({ logLevel: 'INFO' });
  return safeLog({
    info: (event, fields) => logger.info(event, { ...fields }),
    warn: (event, fields) => logger.warn(event, { ...fields }),
    error: (event, fields) => logger.error(event, { ...fields }),
  });
}
