/** E1xx: the file cannot be read as a document of the language at all. */
import { fault } from '../diagnostic.ts';

export const fileNotFound = fault<{ file: string; reason: string }>('E101', {
  title: 'the file cannot be read',
  message: ({ file, reason }) => `cannot read ${file}: ${reason}`,
  explanation: `An architecture is named by the path of its file, or by the name of a file of the zoo (\`student\`, \`resnet18\`, ...).
\`netlathe zoo\` lists the names.`,
});

export const fileTooLarge = fault<{ bytes: number; limit: number }>('E102', {
  title: 'the file is too large',
  message: ({ bytes, limit }) =>
    `the file has ${bytes} bytes, more than the ${limit} that an architecture may have`,
  explanation: `An architecture is a page or two of text. The limit keeps a wrong file (a data set, a model) from being parsed.`,
});

export const tooDeep = fault<{ what: string; limit: number }>('E103', {
  title: 'nested too deeply',
  message: ({ what, limit }) => `${what} nest more than ${limit} levels deep`,
  explanation: `Such depth is never needed: name a part as a block under \`blocks:\` and call it. The limit also keeps hostile files
from exhausting the parser.`,
});

export const yamlSyntax = fault<{ text: string }>('E104', {
  title: 'not valid YAML',
  message: ({ text }) => text,
  explanation: `The text does not follow YAML 1.2. The usual causes: a tab in the indentation, a missing space after a colon or a dash,
an unclosed bracket or quote, an expression with \`*\` at its start or \`: \` inside that needs quotes.`,
});

export const duplicateKey = fault<{ key: string }>('E105', {
  title: 'a key stands twice',
  message: ({ key }) => `"${key}" stands twice in the same map`,
  explanation: `One of the two would be ignored without a word. Remove one, or rename it.`,
});

export const aliasTrouble = fault<{ text: string }>('E106', {
  title: 'an anchor that cannot be followed',
  message: ({ text }) => text,
  explanation: `\`*name\` repeats what \`&name\` marked earlier in the same file. It must exist, must not contain itself, and the document
must stay below the size limit once all are followed. Blocks (\`blocks:\`) are usually the better tool.`,
});

export const unsupportedYaml = fault<{ text: string }>('E107', {
  title: 'YAML that the language does not use',
  message: ({ text }) => text,
  explanation: `Only maps with text keys, lists, text, numbers, true, false and null are used: no tags, no complex keys, no several
documents in a file, no infinite or not-a-number values, no integers with leading zeros or beyond 2^53.`,
});

export const notAMap = fault<{ keys: string }>('E108', {
  title: 'not an architecture',
  message: ({ keys }) => `the file must hold a map with ${keys}`,
  explanation: `The smallest file:

    version: 1
    name: tiny
    input: { height: 32, width: 32 }
    classes: 10
    layers:
      - { op: conv2d, kernel: 3, filters: 16, padding: same }
      - relu
      - globalAvgPool
      - { op: dense, units: classes }`,
});

export const extendsTrouble = fault<{ text: string }>('E109', {
  title: 'the base file cannot be used',
  message: ({ text }) => text,
  explanation: `\`extends: other.yaml\` takes another file and changes it: maps are merged key by key, everything else (lists too) is
replaced, and \`null\` removes a key. The path is relative to the file that says it. Files may extend each other up to 8 levels,
and never in a circle.`,
});

export const unknownVariant = fault<{ name: string; known: readonly string[] }>('E110', {
  title: 'there is no such variant',
  message: ({ name, known }) =>
    known.length === 0
      ? `there is no variant "${name}": the file has no variants`
      : `there is no variant "${name}"; the file has ${known.map((k) => `"${k}"`).join(', ')}`,
  explanation: `\`file.yaml#name\` (or \`--variant name\`) chooses an entry of \`variants:\`, which is laid over the file as \`extends\` would.`,
});
