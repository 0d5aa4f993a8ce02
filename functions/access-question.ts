/**
 * A request waits for its owner's answer: keeps the waiting state machine's token with it, for whoever takes the answer.
 *
 * Trigger: the state machine `access-request`, with `{ requestId, taskToken }`. Touches: the ledger's request, the state machine's token.
 */
import { keepQuestion } from '../shared/access/keep-question.ts';
import { questionServices } from '../shared/lambda/question-services.ts';

const services = questionServices();

export const handler = async ({ requestId, taskToken }: { requestId: string; taskToken: string }) =>
  keepQuestion(services, requestId, taskToken);
