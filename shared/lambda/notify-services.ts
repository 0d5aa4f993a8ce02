import { SnsTopics, snsClient } from '../aws/sns-topics.ts';
import type { NotifyServices } from '../notices/notify.ts';
import { setting } from './environment.ts';

/** What telling people needs, made once for each process. */
export function notifyServices(): NotifyServices {
  return { topics: new SnsTopics(snsClient(), setting('TOPIC_PREFIX')), stage: setting('TRELLIS_STAGE') };
}
