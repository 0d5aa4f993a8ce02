/** The state machines as the stack deploys them: valid, ending, patient with every task, and bound to what the stack has. */
import { globSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Wire } from '../../local/core/service.ts';
import { parseDefinition } from '../../local/states/definition.ts';
import { ROOT } from './source-files.ts';
import { hub } from './stacks.ts';

/** The package has no types. It writes the query language into the definition that it is given. */
const validate: (definition: Wire) => { isValid: boolean; errors: { 'Error code': string; Message: string }[] } =
  createRequire(import.meta.url)('asl-validator');

const files = globSync('statemachines/*.asl.json', { cwd: ROOT });
const machines = hub.ofType('AWS::StepFunctions::StateMachine').map(machine => [machine.id, machine] as const);

interface State {
  Type: string;
  Resource?: string;
  TimeoutSeconds?: number | string;
  Retry?: { ErrorEquals: string[]; MaxAttempts?: number }[];
  Catch?: { Next: string }[];
  Choices?: { Next: string }[];
  Next?: string;
  Default?: string;
  End?: boolean;
}

const statesOf = (definition: Wire): Map<string, State> => new Map(Object.entries(definition.States));
const isEnd = (state: State) => state.End === true || state.Type === 'Succeed' || state.Type === 'Fail';

function after(state: State): string[] {
  return [state.Next, state.Default, ...[...(state.Choices ?? []), ...(state.Catch ?? [])].map(way => way.Next)].filter(
    name => name !== undefined,
  );
}

/** The states that can be reached from one, itself among them. */
function reachable(states: Map<string, State>, from: string): Set<string> {
  const reached = new Set([from]);
  for (const name of reached) for (const next of after(states.get(name) as State)) reached.add(next);
  return reached;
}

describe('state machines', () => {
  it('are all in the stack, one for each file', () => {
    const names = machines.map(([, machine]) =>
      String(machine.properties.StateMachineName).replace(`${hub.name}-`, ''),
    );
    expect(names.sort()).toEqual(files.map(file => basename(file, '.asl.json')).sort());
  });
});

describe.each(machines)('%s', (_, machine) => {
  const { Definition, DefinitionSubstitutions, StateMachineName } = machine.properties;
  const states = statesOf(Definition);

  it('is the file of its name', () => {
    const file = `statemachines/${String(StateMachineName).replace(`${hub.name}-`, '')}.asl.json`;
    expect(Definition).toEqual(JSON.parse(readFileSync(join(ROOT, file), 'utf8')));
  });

  it('is a valid definition in the Amazon States Language', () => {
    // Nothing is filtered: asl-validator 4 knows JSONata.
    expect(validate(structuredClone(Definition)).errors).toEqual([]);
    expect(Definition.QueryLanguage).toBe('JSONata');
  });

  it('has expressions that Step Functions takes', () => {
    expect(() => parseDefinition(JSON.stringify(Definition))).not.toThrow();
  });

  it('reaches every state, and from every state an end', () => {
    expect([...reachable(states, Definition.StartAt)].sort()).toEqual([...states.keys()].sort());
    for (const name of states.keys())
      expect(
        [...reachable(states, name)].some(reached => isEnd(states.get(reached) as State)),
        name,
      ).toBe(true);
  });

  it('bounds every task in time, and tries it again', () => {
    for (const [name, state] of states) {
      if (state.Type !== 'Task') continue;
      // Only starts another and does not wait for it.
      const isStart = state.Resource?.endsWith(':states:startExecution');
      if (!isStart) expect(state.TimeoutSeconds, name).toBeDefined();
      expect(state.Retry?.length, name).toBeGreaterThan(0);
      // A request that cannot be followed stays so.
      for (const { ErrorEquals, MaxAttempts } of state.Retry ?? [])
        if (ErrorEquals.join() !== 'RequestError') expect(MaxAttempts, name).toBeGreaterThan(1);
    }
  });

  it('waits for a function longer than the function may take', () => {
    for (const [name, state] of states) {
      if (state.Resource !== 'arn:aws:states:::lambda:invoke') continue;
      const invoked = hub.byArn(substituted(Definition.States[name].Arguments.FunctionName, DefinitionSubstitutions));
      expect(state.TimeoutSeconds, name).toBeGreaterThan(invoked.properties.Timeout);
    }
  });

  it('is bound to functions and machines of the stack, and its role may use each', () => {
    const named = new Set([...JSON.stringify(Definition).matchAll(/\$\{(\w+)\}/g)].map(([, name = '']) => name));
    expect(named).toEqual(new Set(Object.keys(DefinitionSubstitutions)));
    const policies = JSON.stringify(hub.byArn(machine.properties.RoleArn).properties.Policies);
    for (const arn of Object.values<string>(DefinitionSubstitutions)) {
      expect(['AWS::Lambda::Function', 'AWS::StepFunctions::StateMachine']).toContain(hub.byArn(arn).type);
      expect(policies).toContain(`"${arn}"`);
    }
  });
});

function substituted(text: string, values: Record<string, string>): string {
  return text.replace(/\$\{(\w+)\}/g, (_, name: string) => values[name] ?? '');
}

describe('the validator', () => {
  const definition = (): Wire => JSON.parse(readFileSync(join(ROOT, files[0] as string), 'utf8'));
  const codes = (broken: Wire) => validate(broken).errors.map(error => error['Error code']);

  it('finds a field that there is not, a state that leads nowhere, and a machine without an end', () => {
    const misspelt = definition();
    misspelt.States[misspelt.StartAt].Retri = [];
    expect(codes(misspelt)).toContain('SCHEMA_VALIDATION_FAILED');
    const lost = definition();
    lost.States[lost.StartAt].Next = 'Nowhere';
    expect(codes(lost)).toContain('MISSING_TRANSITION_TARGET');
    const endless = definition();
    for (const [name, state] of statesOf(endless))
      if (isEnd(state)) endless.States[name] = { Type: 'Pass', Next: endless.StartAt };
    expect(codes(endless)).toContain('MISSING_TERMINAL_STATE');
  });
});
