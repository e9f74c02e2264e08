/** How a loop over a column of four channels touches memory: whole vectors, or the last 1 to 3 channels of a row. */
import { loadPartial, storePartial } from './simd';

export class Whole {
  load(address: usize, _lanes: i32): v128 {
    return v128.load(address);
  }
  store(address: usize, v: v128, _lanes: i32): void {
    v128.store(address, v);
  }
}

export class Partial {
  load(address: usize, lanes: i32): v128 {
    return loadPartial(address, lanes);
  }
  store(address: usize, v: v128, lanes: i32): void {
    storePartial(address, v, lanes);
  }
}
