import { Logger } from '@aws-lambda-powertools/logger';

export const logger = new Logger({ serviceName: 'trellis' });

/** A fault that is dealt with by trying again later, for operators. */
export function report(message: string, fault: unknown): void {
  logger.warn(message, { error: fault instanceof Error ? fault : new Error(String(fault)) });
}
