import type { TaskResource } from './resources.ts';
import type { Template } from './templates.ts';

/** What a state leaves behind: its output, and variables. */
export interface Conclusion {
  output: Template | undefined;
  /** An object of variables. */
  assign: Template | undefined;
}

export interface Retrier {
  errorEquals: string[];
  intervalSeconds: number;
  backoffRate: number;
  maxAttempts: number;
  maxDelaySeconds: number | undefined;
}

export interface Catcher extends Conclusion {
  errorEquals: string[];
  next: string;
}

export interface ChoiceRule extends Conclusion {
  condition: Template;
  next: string;
}

export interface StateBase extends Conclusion {
  name: string;
  /** Undefined: the state ends its branch (a Choice says more itself). */
  next: string | undefined;
  retry: Retrier[];
  catches: Catcher[];
}

export interface TaskState extends StateBase {
  type: 'Task';
  resource: TaskResource;
  resourceArn: string;
  args: Template | undefined;
  timeoutSeconds: Template | undefined;
  heartbeatSeconds: Template | undefined;
}

export interface ChoiceState extends StateBase {
  type: 'Choice';
  choices: ChoiceRule[];
  otherwise: string | undefined;
}

export interface WaitState extends StateBase {
  type: 'Wait';
  seconds: Template | undefined;
  timestamp: Template | undefined;
}

export interface FailState extends StateBase {
  type: 'Fail';
  error: Template | undefined;
  cause: Template | undefined;
}

export interface ParallelState extends StateBase {
  type: 'Parallel';
  branches: StatesBlock[];
  args: Template | undefined;
}

export interface MapState extends StateBase {
  type: 'Map';
  processor: StatesBlock;
  items: Template | undefined;
  selector: Template | undefined;
  maxConcurrency: Template | undefined;
  /** Undefined: the iterations run inline, in the execution itself. */
  distributed: DistributedMode | undefined;
}

/** Each iteration is an execution of its own, a child. */
export interface DistributedMode {
  /** In the ARNs of the Map's runs and of their children. */
  label: string;
  /** Failed items that a run may have; undefined with the percentage undefined too: none. */
  toleratedFailureCount: Template | undefined;
  /** The same as a percentage of all items. */
  toleratedFailurePercentage: Template | undefined;
}

export type State =
  | TaskState
  | ChoiceState
  | WaitState
  | FailState
  | ParallelState
  | MapState
  | (StateBase & { type: 'Pass' | 'Succeed' });

export interface StatesBlock {
  startAt: string;
  states: Map<string, State>;
}

export interface Machine extends StatesBlock {
  timeoutSeconds: number | undefined;
}
