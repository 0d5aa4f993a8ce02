import type { Notice, TopicName } from './notice.ts';
import { type NoticeMessage, type WrittenMessage, writeMessages } from './write-message.ts';

/** Where people read: a topic each domain, and one each account. */
export interface NoticeTopics {
  /** @throws when the topic is not there, or does not take it: trying again helps. */
  publish(topic: TopicName, message: NoticeMessage): Promise<void>;
}

export interface NotifyServices {
  topics: NoticeTopics;
  stage: string;
}

/**
 * Tells notices, those of one topic together. A topic that fails keeps nothing from the others.
 * @returns the fault of each that was not told
 */
export async function notify(
  { topics, stage }: NotifyServices,
  notices: readonly Notice[],
): Promise<ReadonlyMap<Notice, unknown>> {
  const faults = new Map<Notice, unknown>();
  const publish = async (topic: TopicName, message: WrittenMessage) => {
    try {
      await topics.publish(topic, message);
    } catch (fault) {
      for (const notice of message.notices) faults.set(notice, fault);
    }
  };
  const byTopic = [...Map.groupBy(notices, ({ topic }) => topic)];
  await Promise.all(
    byTopic.flatMap(([topic, together]) => writeMessages(stage, together).map(message => publish(topic, message))),
  );
  return faults;
}
