/** `npm run interop:install`: onnxruntime, LiteRT and Hermes, which `npm test` runs emitted files in where it finds them. */
import { hermesTools } from '../hermes/tools.ts';
import { interopPython } from './python.ts';

interopPython('runtimes');
hermesTools('vm');
