/** Expressions to integers, with the places the numbers came from, for messages that name both ends. */

import {
  belowMinimum,
  expressionSyntax,
  indexOutside,
  notANumber,
  unevenDivision,
  unknownName,
} from '../diagnostics/codes/normalize.ts';
import { type Diagnostic, diagnose, type Fault, type Place } from '../diagnostics/diagnostic.ts';
import { didYouMean } from '../diagnostics/suggest.ts';
import { type Expression, type Operator, parseExpression } from './expression.ts';
import type { Scope } from './scope.ts';

/** What surrounds an expression: its text's place, and the channel counts that reach it. */
export interface Surroundings {
  readonly scope: Scope;
  readonly place: Place | undefined;
  /** Channels that reach the layer, where they are known. */
  readonly channels?: number | undefined;
  /** Channels that entered the block. */
  readonly entryChannels?: number | undefined;
  /** Words that the key takes besides numbers, for did-you-mean. */
  readonly words?: readonly string[];
}

export interface Evaluated {
  readonly value: number;
  readonly sources: readonly Place[];
}

export type Report = (diagnostic: Diagnostic) => void;

/** `undefined` where it was reported, or rests on something that was. */
export function evaluateText(
  text: string,
  around: Surroundings,
  report: Report,
): Evaluated | undefined {
  const parsed = parseExpression(text);
  if (!parsed.ok) {
    report(diagnose(expressionSyntax, { text, problem: parsed.problem }, { place: around.place }));
    return undefined;
  }
  return new Evaluator(text, around, report).evaluate(parsed.expression);
}

export function evaluateInteger(
  value: number | string,
  key: string,
  minimum: number,
  around: Surroundings,
  report: Report,
): Evaluated | undefined {
  const result =
    typeof value === 'number' ? { value, sources: [] } : evaluateText(value, around, report);
  if (!result || result.value >= minimum) return result;
  report(
    diagnose(
      belowMinimum,
      { key, value: result.value, minimum, text: String(value) },
      {
        place: around.place,
        related: result.sources.map((place) => ({ place, message: 'it follows from this' })),
      },
    ),
  );
  return undefined;
}

class Evaluator {
  readonly #text: string;
  readonly #around: Surroundings;
  readonly #report: Report;

  constructor(text: string, around: Surroundings, report: Report) {
    this.#text = text;
    this.#around = around;
    this.#report = report;
  }

  evaluate(expression: Expression): Evaluated | undefined {
    switch (expression.kind) {
      case 'integer':
        return { value: expression.value, sources: [] };
      case 'name':
        return this.#name(expression.name);
      case 'index':
        return this.#index(expression.name, expression.index);
      case 'negate': {
        const operand = this.evaluate(expression.operand);
        return operand && { ...operand, value: -operand.value };
      }
      case 'binary': {
        const left = this.evaluate(expression.left);
        const right = this.evaluate(expression.right);
        if (!left || !right) return undefined;
        return this.#arithmetic(expression.operator, left, right);
      }
    }
  }

  #name(name: string): Evaluated | undefined {
    const { channels, entryChannels, scope } = this.#around;
    if (name === 'in' && 'channels' in this.#around) {
      return channels === undefined ? undefined : { value: channels, sources: [] };
    }
    if (name === 'entry.in' && 'entryChannels' in this.#around) {
      return entryChannels === undefined ? undefined : { value: entryChannels, sources: [] };
    }
    const binding = scope.find(name);
    switch (binding?.kind) {
      case 'integer':
        return binding;
      case 'unknown':
        return undefined;
      case 'list':
        return this.#fail(
          notANumber,
          { name, what: `a list of ${binding.values.length}` },
          `for example ${name}[0]`,
        );
      case 'layers':
      case 'word':
        return this.#fail(notANumber, { name, what: 'a stack of layers' });
      default:
        return this.#unknown(name);
    }
  }

  #unknown(name: string): undefined {
    const { scope, words = [] } = this.#around;
    const known = new Set([...words, ...scope.names(), 'in', 'entry.in']);
    const hint = didYouMean(name, known) ?? `known here: ${[...known].slice(0, 12).join(', ')}`;
    return this.#fail(unknownName, { name }, hint);
  }

  #index(name: string, index: Expression): Evaluated | undefined {
    const binding = this.#around.scope.find(name);
    if (!binding) return this.#unknown(name);
    if (binding.kind === 'unknown') return undefined;
    if (binding.kind !== 'list') {
      return this.#fail(notANumber, {
        name: `${name}[...]`,
        what: `an entry, but "${name}" is no list`,
      });
    }
    const at = this.evaluate(index);
    if (!at) return undefined;
    const entry = binding.values[at.value];
    if (!entry) {
      const { length } = binding.values;
      this.#report(
        diagnose(
          indexOutside,
          { name, index: at.value, length },
          {
            place: this.#around.place,
            related: binding.place
              ? [{ place: binding.place, message: `${name} has ${length} entries` }]
              : [],
          },
        ),
      );
      return undefined;
    }
    return entry.value === undefined ? undefined : { value: entry.value, sources: entry.sources };
  }

  #arithmetic(operator: Operator, left: Evaluated, right: Evaluated): Evaluated | undefined {
    const sources = [...left.sources, ...right.sources];
    const [a, b] = [left.value, right.value];
    if (operator === '/' && (b === 0 || a % b !== 0)) {
      this.#report(
        diagnose(
          unevenDivision,
          { dividend: a, divisor: b, text: this.#text },
          {
            place: this.#around.place,
            related: sources.map((place) => ({ place, message: 'it follows from this' })),
            hint:
              b === 0
                ? undefined
                : `${Math.floor(a / b) * b} and ${Math.ceil(a / b) * b} divide by ${b}`,
          },
        ),
      );
      return undefined;
    }
    const value = compute(operator, a, b);
    if (!Number.isSafeInteger(value)) {
      return this.#fail(expressionSyntax, { text: this.#text, problem: 'the result is too large' });
    }
    return { value, sources };
  }

  #fail<A>(kind: Fault<A>, args: A, hint?: string): undefined {
    this.#report(diagnose(kind, args, { place: this.#around.place, hint }));
    return undefined;
  }
}

function compute(operator: Operator, a: number, b: number): number {
  switch (operator) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return a / b;
    case '==':
      return Number(a === b);
    case '!=':
      return Number(a !== b);
    case '<':
      return Number(a < b);
    case '<=':
      return Number(a <= b);
    case '>':
      return Number(a > b);
    case '>=':
      return Number(a >= b);
    case 'and':
      return Number(a !== 0 && b !== 0);
    case 'or':
      return Number(a !== 0 || b !== 0);
  }
}
