/** E2xx: the document is YAML, but not in the language. */
import { fault } from '../diagnostic.ts';

export const unknownKey = fault<{ key: string; holder: string }>('E201', {
  title: 'unknown key',
  message: ({ key, holder }) => `${holder} has no key "${key}"`,
  explanation: `The language is closed: a key that nothing reads would silently do nothing, so it is an error. Keys that start with
\`x-\` are yours (for notes and anchors).`,
});

export const missingKey = fault<{ key: string; holder: string }>('E202', {
  title: 'a key is missing',
  message: ({ key, holder }) => `${holder} needs "${key}"`,
  explanation: `Some keys have no sensible default. \`netlathe compile --print normalized\` shows all values of a valid file.`,
});

export const unknownOp = fault<{ op: string }>('E203', {
  title: 'unknown op',
  message: ({ op }) => `there is no op "${op}"`,
  explanation: `The ops are listed in docs/language.md. Names are in camel case, as in Keras: \`conv2d\`, \`maxPool2d\`, \`globalAvgPool\`.
A depthwise convolution is \`{ op: conv2d, groups: depthwise }\`; a pointwise one \`{ op: conv2d, kernel: 1 }\`.`,
});

export const notAChoice = fault<{ key: string; value: string; choices: readonly string[] }>(
  'E204',
  {
    title: 'not one of the choices',
    message: ({ key, value, choices }) =>
      `${key} cannot be ${value}; it ${choices.length === 1 ? 'must be' : 'is one of'} ${choices.join(', ')}`,
    explanation: `The key takes one of a few words or numbers.`,
  },
);

export const wrongValue = fault<{ key: string; value: string; expected: string }>('E205', {
  title: 'a value of the wrong kind',
  message: ({ key, value, expected }) => `${key} takes ${expected}, not ${value}`,
  explanation: `The message says what the key takes. An expression in quotes that has a colon or begins with \`*\` needs the quotes;
a number in quotes is read as an expression, which is fine.`,
});

export const badName = fault<{ name: string }>('E206', {
  title: 'not a name',
  message: ({ name }) =>
    `${name} cannot be a name: use letters, digits, - and _, not a digit first, 64 at most`,
  explanation: `Names of layers, blocks, parameters and variants appear in expressions, file names and weights, so they are plain words.`,
});

export const repeatedLabel = fault<{ first: number; second: number }>('E207', {
  title: 'two classes have the same label',
  message: ({ first, second }) => `entries ${first + 1} and ${second + 1} are the same`,
  explanation: `Each label must be there once: the position in the list is the output that means it.`,
});
