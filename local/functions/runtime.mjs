/**
 * What runs inside a function's worker thread: Lambda's Node.js runtime, as far as a handler can tell.
 * Plain JavaScript, because a worker that strips types loads the stripper first: 5 MB and 65 ms for each environment.
 *
 * In: `{ requestId, payload, functionArn, timeoutMs }`. Out: `{ kind: 'ready' }` once, then for each invocation
 * `{ kind: 'answer', payload }` or `{ kind: 'error', error }`; `{ kind: 'fatal', error }` ends the environment.
 */
import { parentPort, workerData } from 'node:worker_threads';

/** Largest answer of a handler, bytes. Source: Lambda quotas, and its `Function.ResponseSizeTooLarge`. */
const LARGEST_ANSWER = 6_291_556;

const offset = new Float64Array(workerData.sharedOffset);
shiftDate();

process.on('uncaughtException', error => end(describe(error)));
process.on('unhandledRejection', reason => {
  end({ ...describe(reason), errorType: 'Runtime.UnhandledPromiseRejection', errorMessage: String(reason) });
});

const handler = await loadHandler();
if (handler) {
  parentPort.on('message', invocation => void invoke(invocation));
  parentPort.postMessage({ kind: 'ready' });
}

async function invoke({ requestId, payload, functionArn, timeoutMs }) {
  const deadline = performance.now() + timeoutMs;
  const context = {
    callbackWaitsForEmptyEventLoop: true,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    invokedFunctionArn: functionArn,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    awsRequestId: requestId,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    getRemainingTimeInMillis: () => Math.max(0, Math.round(deadline - performance.now())),
  };
  let result;
  try {
    result = await handler(JSON.parse(payload), context);
  } catch (error) {
    await writtenOut();
    parentPort.postMessage({ kind: 'error', error: describe(error) });
    return;
  }
  await writtenOut();
  parentPort.postMessage(answerOf(result));
}

/** What the handler printed is in the mesh before its answer: its metrics are there when the mesh has settled. */
async function writtenOut() {
  for (const stream of [process.stdout, process.stderr])
    if (stream.writableLength > 0) await new Promise(resolve => stream.write('', resolve));
}

function answerOf(result) {
  let payload;
  try {
    payload = JSON.stringify(result) ?? 'null';
  } catch (error) {
    return { kind: 'error', error: { ...describe(error), errorMessage: 'Unable to stringify response body' } };
  }
  const size = payload.length > LARGEST_ANSWER / 4 ? Buffer.byteLength(payload) : 0;
  if (size <= LARGEST_ANSWER) return { kind: 'answer', payload };
  const errorMessage = `Response payload size (${size} bytes) exceeded maximum allowed payload size (${LARGEST_ANSWER} bytes).`;
  return { kind: 'error', error: { errorType: 'Function.ResponseSizeTooLarge', errorMessage } };
}

async function loadHandler() {
  let module;
  try {
    module = await import(workerData.moduleUrl);
  } catch (error) {
    end(asImportError(error));
    return undefined;
  }
  const found = module[workerData.exportName] ?? module.default?.[workerData.exportName];
  if (typeof found === 'function') return found;
  const errorMessage = found === undefined ? 'is undefined or not exported' : 'is not a function';
  end({
    errorType: found === undefined ? 'Runtime.HandlerNotFound' : 'Runtime.HandlerNotFunction',
    errorMessage: `${process.env._HANDLER} ${errorMessage}`,
    trace: [],
  });
  return undefined;
}

/** Names as Lambda's Node.js runtime interface client gives them. Source: aws/aws-lambda-nodejs-runtime-interface-client, UserFunction. */
function asImportError(error) {
  if (error instanceof SyntaxError) return { ...describe(error), errorType: 'Runtime.UserCodeSyntaxError' };
  if (error?.code !== 'ERR_MODULE_NOT_FOUND') return describe(error);
  return { ...describe(error), errorType: 'Runtime.ImportModuleError', errorMessage: `Error: ${error.message}` };
}

/** An error as the answer of a failed invocation tells it. */
function describe(error) {
  if (!(error instanceof Error)) return { errorType: typeof error, errorMessage: String(error), trace: [] };
  return { errorType: error.name, errorMessage: error.message, trace: (error.stack ?? '').split('\n') };
}

/** Tells why and ends this thread, as the runtime ends its process. */
function end(error) {
  parentPort.postMessage({ kind: 'fatal', error });
  process.exit(129);
}

/** `new Date()`, `Date()` and `Date.now()` give the mesh's time. Timers and `performance` stay real: real work takes real time. */
function shiftDate() {
  const RealDate = Date;
  const now = () => Math.floor(RealDate.now() + offset[0]);
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, args, newTarget) => Reflect.construct(target, args.length > 0 ? args : [now()], newTarget),
    apply: () => new RealDate(now()).toString(),
    get: (target, key) => (key === 'now' ? now : target[key]),
  });
  RealDate.prototype.constructor = globalThis.Date;
}
