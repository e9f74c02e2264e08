/** The module that lies beside the page. */
import type { CreateOptions, Model } from '../types.ts';

export declare const create: (options?: CreateOptions) => Promise<Model>;
