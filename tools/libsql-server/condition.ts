import type { StatementResult } from "./connection.ts";
import { type Condition, newerProtocol, ProtocolError, type StatementError } from "./protocol.ts";

/** What became of a step: neither is there where it was passed over. */
export interface Outcome {
  result?: StatementResult;
  error?: StatementError;
}

/**
 * Whether a condition can be asked of the step with this number: it may only speak of steps before it.
 * @throws ProtocolError
 */
export function checkCondition(condition: Condition, number: number): void {
  switch (condition.type) {
    case "ok":
    case "error":
      if (condition.step < 0 || condition.step >= number) {
        throw new ProtocolError("Invalid reference to step in a batch condition");
      }
      return;
    case "not":
      checkCondition(condition.cond, number);
      return;
    case "and":
    case "or":
      for (const cond of condition.conds) checkCondition(cond, number);
      return;
    case "is_autocommit":
      throw newerProtocol("BatchCond of type `is_autocommit`");
  }
}

/** As on the real server, a step that was passed over counts as one that failed. */
export function holds(condition: Condition, outcomes: Outcome[]): boolean {
  switch (condition.type) {
    case "ok":
      return outcomes[condition.step]?.result !== undefined;
    case "error":
      return outcomes[condition.step]?.result === undefined;
    case "not":
      return !holds(condition.cond, outcomes);
    case "and":
      return condition.conds.every((cond) => holds(cond, outcomes));
    case "or":
      return condition.conds.some((cond) => holds(cond, outcomes));
    case "is_autocommit":
      return false;
  }
}
