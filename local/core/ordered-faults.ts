import { AwsError } from './aws-error.ts';

/** What somebody ordered the mesh to do to a principal's next calls: what AWS does now and then. */
export interface OrderedFault {
  /** The role's ARN, or the administrator's (`arn:aws:iam::A:root`). */
  principal: string;
  /** Service and operation, `glue:UpdateTable`. */
  action: string;
  /** The code of the error that is answered. Without it the call is done as always, only later. */
  error?: string;
  /** Real milliseconds for which the call waits before anything is done with it. */
  waitMs?: number;
  /** Calls that are still to meet it. */
  times: number;
}

/** What AWS answers with status 500; everything else is 400. Source: the service models' `@fault: server`. */
const SERVER_FAULT = /^Internal|Unavailable/;

/** The faults that were ordered and have not been met. */
export class OrderedFaults {
  #ordered: OrderedFault[] = [];
  /** Ends the wait of each call that waits now. */
  readonly #waits = new Set<() => void>();

  order(fault: OrderedFault): void {
    this.#ordered.push({ ...fault });
  }

  /** Those that no call has met yet, oldest first. */
  left(): OrderedFault[] {
    return this.#ordered.map(fault => ({ ...fault }));
  }

  /** Forgets those that are left, and lets the calls go on that wait. */
  end(): void {
    this.#ordered = [];
    for (const endWait of this.#waits) endWait();
  }

  /** Waits as ordered. @throws AwsError as ordered. */
  async meet(principal: string, action: string): Promise<void> {
    if (this.#ordered.length === 0) return;
    const fault = this.#take(principal, action);
    if (fault?.waitMs !== undefined) await this.#wait(fault.waitMs);
    throwError(fault);
  }

  /** For an entry of a batch, which counts as a call of the operation for one: only that entry fails. @throws AwsError as ordered. */
  meetInBatch(principal: string, action: string): void {
    if (this.#ordered.length > 0) throwError(this.#take(principal, action));
  }

  #wait(milliseconds: number): Promise<void> {
    return new Promise(resolve => {
      const endWait = () => {
        clearTimeout(timer);
        this.#waits.delete(endWait);
        resolve();
      };
      const timer = setTimeout(endWait, milliseconds);
      this.#waits.add(endWait);
    });
  }

  #take(principal: string, action: string): OrderedFault | undefined {
    const fault = this.#ordered.find(one => one.principal === principal && one.action === action);
    if (fault) fault.times--;
    this.#ordered = this.#ordered.filter(({ times }) => times > 0);
    return fault;
  }
}

function throwError(fault: OrderedFault | undefined): void {
  if (fault?.error === undefined) return;
  const message = `Somebody ordered that ${fault.action} fails.`;
  throw new AwsError(fault.error, message, { status: SERVER_FAULT.test(fault.error) ? 500 : 400 });
}
