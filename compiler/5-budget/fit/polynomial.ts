/**
 * A quadratic polynomial with integer values at integer points, kept in differences:
 * f(u) = c + sum first_k u_k + sum second_k u_k (u_k - 1) / 2 + sum product_kl u_k u_l.
 */
export class Polynomial {
  readonly size: number;
  readonly constant: number;
  readonly first: number[];
  readonly second: number[];
  readonly product: number[][];

  constructor(size: number, constant: number) {
    this.size = size;
    this.constant = constant;
    this.first = new Array<number>(size).fill(0);
    this.second = new Array<number>(size).fill(0);
    this.product = Array.from({ length: size }, () => new Array<number>(size).fill(0));
  }

  addSingle(k: number, first: number, second: number): void {
    this.first[k] = (this.first[k] as number) + first;
    this.second[k] = (this.second[k] as number) + second;
  }

  addProduct(a: number, b: number, amount: number): void {
    const rows = [this.product[a] as number[], this.product[b] as number[]] as const;
    rows[0][b] = (rows[0][b] as number) + amount;
    rows[1][a] = (rows[1][a] as number) + amount;
  }

  value(u: readonly number[]): number {
    let sum = this.constant;
    for (let k = 0; k < this.size; k++) {
      const x = u[k] as number;
      sum += (this.first[k] as number) * x + ((this.second[k] as number) * x * (x - 1)) / 2;
      const row = this.product[k] as number[];
      for (let l = k + 1; l < this.size; l++) sum += (row[l] as number) * x * (u[l] as number);
    }
    return sum;
  }

  /** The same in other steps: `u_k = origin_k + step_k * v_k`. */
  over(origin: readonly number[], step: readonly number[]): Polynomial {
    const shifted = new Polynomial(this.size, this.value(origin));
    for (let k = 0; k < this.size; k++) {
      const s = step[k] as number;
      const moved = origin.map((o, l) => (l === k ? o + s : o));
      shifted.addSingle(
        k,
        this.value(moved) - shifted.constant,
        (this.second[k] as number) * s * s,
      );
      for (let l = k + 1; l < this.size; l++) {
        const amount = (this.product[k] as number[])[l] as number;
        shifted.addProduct(k, l, amount * s * (step[l] as number));
      }
    }
    return shifted;
  }

  /** All values are congruent to the constant modulo this: a target between them cannot be met. 0: it is constant. */
  modulus(): number {
    const all = [...this.first, ...this.second, ...this.product.flat()];
    return all.reduce((g, n) => gcd(g, Math.abs(n)), 0);
  }
}

export function gcd(a: number, b: number): number {
  while (b !== 0) [a, b] = [b, a % b];
  return a;
}
