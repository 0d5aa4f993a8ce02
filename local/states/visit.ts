import type { VirtualClock } from '../core/clock.ts';
import type { Branch } from './branch.ts';
import { payloadText, queryEvaluationError } from './errors.ts';
import type { Conclusion } from './state-types.ts';
import type { Bindings, Template } from './templates.ts';

/** One visit to a state: what its expressions see. */
export class Visit {
  readonly branch: Branch;
  readonly input: unknown;
  readonly inputText: string;
  /** Retries so far. */
  retryCount = 0;
  taskToken: string | undefined;
  readonly #clock: VirtualClock;
  readonly #stateName: string;
  readonly #enteredTime: string;

  constructor(branch: Branch, stateName: string, input: unknown, inputText: string, clock: VirtualClock) {
    this.branch = branch;
    this.input = input;
    this.inputText = inputText;
    this.#clock = clock;
    this.#stateName = stateName;
    this.#enteredTime = clock.iso();
  }

  async evaluate(
    template: Template,
    extra: Partial<Bindings['states']> = {},
    mapItem = this.branch.mapItem,
  ): Promise<unknown> {
    return template.evaluate({
      variables: this.branch.variables,
      states: { input: this.input, context: this.#context(mapItem), ...extra },
      now: this.#clock.now(),
    });
  }

  /** A whole number of seconds, or `undefined` where the state has none. @throws StateError States.QueryEvaluationError */
  async evaluateInteger(template: Template | undefined, field: string, least: number): Promise<number | undefined> {
    if (!template) return undefined;
    const value = await this.evaluate(template);
    if (typeof value === 'number' && Number.isInteger(value) && value >= least) return value;
    throw queryEvaluationError(
      `The field '${field}' must be a whole number, ${least} or more, and is ${JSON.stringify(value)}.`,
    );
  }

  /**
   * Works out output and variables. All expressions see the variables as they were before.
   * @param fallback the output where the state says nothing
   */
  async conclude(
    { output, assign }: Conclusion,
    fallback: unknown,
    extra: Partial<Bindings['states']> = {},
  ): Promise<{ output: unknown; outputText: string; assigned: Record<string, unknown> | undefined }> {
    const value = output ? await this.evaluate(output, extra) : fallback;
    const assigned = assign ? ((await this.evaluate(assign, extra)) as Record<string, unknown>) : undefined;
    if (assigned) payloadText(assigned, 'variables');
    const outputText = value === this.input ? this.inputText : payloadText(value, 'an output');
    return { output: value, outputText, assigned };
  }

  /** The Context object. Source: "Accessing execution data from the Context object in Step Functions", Step Functions Developer Guide. */
  #context(mapItem: { Index: number; Value: unknown } | undefined): Record<string, unknown> {
    const { execution } = this.branch;
    return {
      Execution: {
        Id: execution.arn,
        // Most expressions do not look at it.
        get Input(): unknown {
          return JSON.parse(execution.input);
        },
        Name: execution.name,
        RoleArn: execution.version.roleArn,
        StartTime: new Date(execution.startedAt).toISOString(),
        RedriveCount: 0,
      },
      StateMachine: { Id: execution.version.arn, Name: execution.version.name },
      State: { Name: this.#stateName, EnteredTime: this.#enteredTime, RetryCount: this.retryCount },
      ...(this.taskToken && { Task: { Token: this.taskToken } }),
      ...(mapItem && { Map: { Item: mapItem } }),
    };
  }
}
