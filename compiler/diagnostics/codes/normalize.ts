/** E3xx: names, arithmetic, blocks and loops that cannot be resolved. */
import { fault } from '../diagnostic.ts';

export const expressionSyntax = fault<{ text: string; problem: string }>('E301', {
  title: 'not an expression',
  message: ({ text, problem }) => `cannot read "${text}": ${problem}`,
  explanation: `An expression is integer arithmetic (+ - * / and parentheses) over names: \`bandwidth[i + 1] * 6\`, \`in / 4\`,
\`entry.in\`, \`classes\`. Comparisons (== != < <= > >=, joined by \`and\`, \`or\`) give 1 or 0: that is what \`when\` asks.
It is parsed, never run as code.`,
});

export const unknownName = fault<{ name: string }>('E302', {
  title: 'unknown name',
  message: ({ name }) => `nothing here is called "${name}"`,
  explanation: `Names that an expression may use: \`bandwidth\`, \`classes\`, the file's \`constants\`, the parameters of the block it stands in, the variables of
the loops around it, \`in\` (the channels that reach this layer) and \`entry.in\` (those that enter the block). A block does not see
the variables of whoever calls it: pass them as arguments.`,
});

export const indexOutside = fault<{ name: string; index: number; length: number }>('E303', {
  title: 'no such entry',
  message: ({ name, index, length }) =>
    `${name}[${index}] does not exist: ${name} has entries 0 to ${length - 1}`,
  explanation: `Entries count from 0.`,
});

export const unevenDivision = fault<{ dividend: number; divisor: number; text: string }>('E304', {
  title: 'the division leaves a rest',
  message: ({ dividend, divisor, text }) =>
    divisor === 0
      ? `"${text}" divides ${dividend} by 0`
      : `"${text}" is ${dividend} / ${divisor}, which is no whole number`,
  explanation: `Nothing is rounded silently: a width that is a little off would change the parameter count. Choose widths that divide,
or write the number you mean.`,
});

export const belowMinimum = fault<{ key: string; value: number; minimum: number; text: string }>(
  'E305',
  {
    title: 'the value is out of range',
    message: ({ key, value, minimum, text }) =>
      `"${key}" must be at least ${minimum}, but "${text}" is ${value}`,
    explanation: `The arithmetic is right, but its result has no meaning for this key.`,
  },
);

export const notANumber = fault<{ name: string; what: string }>('E306', {
  title: 'not a number',
  message: ({ name, what }) => `"${name}" is ${what}, not a number`,
  explanation: `A list needs an index (\`bandwidth[0]\`), and a parameter that holds layers stands where a layer may stand.`,
});

export const unknownLayer = fault<{ name: string }>('E307', {
  title: 'unknown layer',
  message: ({ name }) => `there is no op, block or parameter "${name}"`,
  explanation: `A word alone in a list of layers is an op that needs no arguments (\`relu\`), a block without parameters, or a parameter
of the block it stands in that holds layers.`,
});

export const unknownBlock = fault<{ name: string }>('E308', {
  title: 'unknown block',
  message: ({ name }) => `there is no block "${name}"`,
  explanation: `Blocks are defined under \`blocks:\`. A parameter may hold the name of a block, too.`,
});

export const unknownArgument = fault<{ argument: string; block: string }>('E309', {
  title: 'the block has no such parameter',
  message: ({ argument, block }) => `block "${block}" has no parameter "${argument}"`,
  explanation: `Arguments are the parameters that the block lists under \`parameters:\`.`,
});

export const missingArgument = fault<{ argument: string; block: string }>('E310', {
  title: 'an argument is missing',
  message: ({ argument, block }) => `block "${block}" needs the argument "${argument}"`,
  explanation: `A parameter without a default must be given at each call, or come from a loop variable of the same name.`,
});

export const blockRecursion = fault<{ block: string }>('E311', {
  title: 'a block contains itself',
  message: ({ block }) => `block "${block}" contains itself`,
  explanation: `It would never end. For a stack that repeats use \`repeat:\` or \`for:\`.`,
});

export const loopLengths = fault<{
  first: string;
  firstLength: number;
  second: string;
  secondLength: number;
}>('E312', {
  title: 'the loop lists differ in length',
  message: ({ first, firstLength, second, secondLength }) =>
    `the lists of a loop run side by side, but ${first} has ${firstLength} entries and ${second} has ${secondLength}`,
  explanation: `Each time round takes one entry of every list. For all combinations, put one loop inside a group with another.`,
});

export const nameTaken = fault<{ name: string; by: string }>('E313', {
  title: 'the name is taken',
  message: ({ name, by }) => `"${name}" is already ${by}`,
  explanation: `Ops, blocks, constants, parameters and loop variables share one set of names in each place, so that a word means one thing. \`in\`,
\`entry\`, \`bandwidth\`, \`classes\`, \`base\`, \`previous\`, \`image\`, \`and\` and \`or\` are the language's own.`,
});

export const unknownSource = fault<{ name: string }>('E314', {
  title: 'nothing to take the input from',
  message: ({ name }) => `no layer called "${name}" comes before this one here`,
  explanation: `\`from\` names a layer (by its \`name\`) that comes earlier in the same stack or around it; \`entry\` is what entered the
block, \`previous\` the layer above. The inside of a block cannot be seen from outside.`,
});

export const joinInputs = fault<{ op: string }>('E315', {
  title: 'nothing to join',
  message: ({ op }) => `${op} needs branches, or a list of names in "from"`,
  explanation: `    - { op: add, branches: [[], [ ... ]] }      # what enters goes into each branch; [] is the identity
    - { op: concat, from: [previous, stem] }    # or layers by name`,
});

export const tooManyLayers = fault<{ limit: number }>('E316', {
  title: 'too many layers',
  message: ({ limit }) => `the network has more than ${limit} layers`,
  explanation: `Blocks and loops multiply. The limit keeps a slip from filling the memory.`,
});

export const fromConflict = fault<{ op: string }>('E317', {
  title: 'two ways to say what enters',
  message: ({ op }) => `${op} takes either branches or a list in "from", not both`,
  explanation: `With \`branches\`, a single name in \`from\` says what goes into the branches.`,
});

export const repeatAndFor = fault('E318', {
  title: 'repeat and for together',
  message: () => 'a layer takes repeat or for, not both',
  explanation: `Put the layer with \`repeat\` into a group with \`for\`, or the other way round.`,
});

export const emptyNetwork = fault('E319', {
  title: 'no layers',
  message: () => 'the network has no layers',
  explanation: `After blocks and loops are resolved nothing is left.`,
});

export const preprocessingChannels = fault<{ key: string; values: number; channels: number }>(
  'E320',
  {
    title: 'one value a channel',
    message: ({ key, values, channels }) =>
      `"${key}" has ${values} values for ${channels} channels`,
    explanation: `\`mean\` and \`std\` hold one value for each channel of the input; a single value serves all.`,
  },
);

export const noSlice = fault<{ text: string; name: string; isList: boolean }>('E321', {
  title: 'nothing to loop over',
  message: ({ text, name, isList }) =>
    isList ? `${name} has no entries "${text}"` : `there is no list called "${name}" to loop over`,
  explanation: `A loop runs over a list of its own (\`[1, 2, 3]\`), a range (\`4..7\`, both ends included), or a list of the file or part of
it: \`bandwidth\`, \`bandwidth[4..7]\`, \`bandwidth[4..]\`, or a constant that is a list.`,
});
