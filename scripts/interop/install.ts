/** `npm run interop:install`: onnxruntime and LiteRT, which `npm test` runs emitted files in where it finds them. */
import { interopPython } from './python.ts';

interopPython('runtimes');
