/**
 * Integer arithmetic over names, and comparisons, which give 1 or 0. Parsed by hand, never evaluated as code; depth and
 * length are bounded.
 */

const comparisons = ['==', '!=', '<=', '>=', '<', '>'] as const;
const words = ['and', 'or'] as const;

export type Operator =
  | '+'
  | '-'
  | '*'
  | '/'
  | (typeof comparisons)[number]
  | (typeof words)[number];

export type Expression =
  | { readonly kind: 'integer'; readonly value: number }
  | { readonly kind: 'name'; readonly name: string; readonly at: number }
  | {
      readonly kind: 'index';
      readonly name: string;
      readonly at: number;
      readonly index: Expression;
    }
  | { readonly kind: 'negate'; readonly operand: Expression }
  | {
      readonly kind: 'binary';
      readonly operator: Operator;
      readonly left: Expression;
      readonly right: Expression;
    };

export type Parsed =
  | { readonly ok: true; readonly expression: Expression }
  | { readonly ok: false; readonly problem: string };

const token =
  /\s*(?:(\d+)|([A-Za-z_][A-Za-z0-9_-]*(?:\.[A-Za-z_][A-Za-z0-9_-]*)*)|([=!<>]=|[-+*/()[\]<>])|(\S))/y;

interface Token {
  readonly kind: 'integer' | 'name' | 'symbol';
  readonly text: string;
  readonly at: number;
}

/** A name may hold `-` as in YAML keys; a minus between two names therefore needs spaces. */
export function parseExpression(text: string): Parsed {
  const tokens: Token[] = [];
  token.lastIndex = 0;
  for (;;) {
    const match = token.exec(text);
    if (!match) break;
    const [whole, integer, name, symbol, other] = match;
    if (other !== undefined) return { ok: false, problem: `"${other}" has no meaning here` };
    const word = (integer ?? name ?? symbol) as string;
    const at = match.index + whole.length - word.length;
    const isName = name !== undefined && !(words as readonly string[]).includes(name);
    tokens.push({ kind: integer ? 'integer' : isName ? 'name' : 'symbol', text: word, at });
  }
  if (tokens.length === 0) return { ok: false, problem: 'it is empty' };
  return new Parser(tokens).parse();
}

class SyntaxFault extends Error {}

class Parser {
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  parse(): Parsed {
    try {
      const expression = this.#choice();
      const rest = this.#tokens[this.#next];
      if (rest) throw new SyntaxFault(`"${rest.text}" is not expected there`);
      return { ok: true, expression };
    } catch (error) {
      if (error instanceof SyntaxFault) return { ok: false, problem: error.message };
      throw error;
    }
  }

  #choice(): Expression {
    return this.#chain(['or'], () => this.#chain(['and'], () => this.#comparison()));
  }

  /** `a < b < c` has no meaning here, so that nobody gives it a wrong one. */
  #comparison(): Expression {
    const left = this.#sum();
    const operator = this.#take(...comparisons);
    return operator ? { kind: 'binary', operator, left, right: this.#sum() } : left;
  }

  #sum(): Expression {
    return this.#chain(['+', '-'], () => this.#chain(['*', '/'], () => this.#factor()));
  }

  #chain(operators: readonly Operator[], operand: () => Expression): Expression {
    let left = operand();
    for (let sign = this.#take(...operators); sign; sign = this.#take(...operators)) {
      left = { kind: 'binary', operator: sign, left, right: operand() };
    }
    return left;
  }

  #factor(): Expression {
    if (++this.#depth > 64) throw new SyntaxFault('it is nested too deeply');
    try {
      if (this.#take('-')) return { kind: 'negate', operand: this.#factor() };
      if (this.#take('(')) {
        const inner = this.#choice();
        this.#expect(')');
        return inner;
      }
      return this.#atom();
    } finally {
      this.#depth--;
    }
  }

  #atom(): Expression {
    const next = this.#tokens[this.#next++];
    if (!next) throw new SyntaxFault('it ends too early');
    if (next.kind === 'integer') {
      const value = Number(next.text);
      if (!Number.isSafeInteger(value)) throw new SyntaxFault(`${next.text} is too large`);
      return { kind: 'integer', value };
    }
    if (next.kind === 'symbol') throw new SyntaxFault(`"${next.text}" is not expected there`);
    if (!this.#take('[')) return { kind: 'name', name: next.text, at: next.at };
    const index = this.#sum();
    this.#expect(']');
    return { kind: 'index', name: next.text, at: next.at, index };
  }

  #take<S extends string>(...symbols: readonly S[]): S | undefined {
    const next = this.#tokens[this.#next];
    if (next?.kind !== 'symbol' || !symbols.includes(next.text as S)) return undefined;
    this.#next++;
    return next.text as S;
  }

  #expect(symbol: string): void {
    if (this.#take(symbol)) return;
    const next = this.#tokens[this.#next];
    throw new SyntaxFault(
      next ? `expected "${symbol}" before "${next.text}"` : `a "${symbol}" is missing`,
    );
  }
}
