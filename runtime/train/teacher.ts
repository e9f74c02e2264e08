/** A teacher that is ready to be asked, whatever it was made by, and how its classes fit those of the photos. */

import type { DistillPlan } from '../../compiler/6-lower/distill.ts';
import type { HintPlan } from '../../compiler/6-lower/hints.ts';
import type { Eyes, TeacherBuffers, TeacherPlan } from '../../compiler/6-lower/teacher.ts';
import { teacherPreparation } from '../../compiler/6-lower/teacher.ts';
import { didYouMean } from '../../compiler/diagnostics/suggest.ts';
import type { Graph } from '../../compiler/graph/graph.ts';
import { sameShape } from '../../compiler/graph/shape.ts';
import type { WeightStore } from '../../compiler/weights/index.ts';
import type { Engine } from '../engine/engine.ts';
import { writeParameters } from './parameters.ts';
import { type HintRecipe, isViewFixed, type Recipe } from './recipe.ts';
import { TrainError } from './train-error.ts';

/** A network of netlathe runs in the student's own program; another is asked for its logits batch by batch. */
export type TeacherNetwork =
  | { readonly kind: 'graph'; readonly graph: Graph; readonly weights: WeightStore }
  | {
      readonly kind: 'model';
      readonly eyes: Eyes;
      readonly outputs: number;
      /** [batch, height, width, channels] to logits [batch, outputs]. */
      readonly logits: (view: Float32Array) => Float32Array;
      readonly close: () => void;
    };

export interface Teacher {
  readonly name: string;
  /** As the user wrote it. */
  readonly reference: string;
  /** In the order of its logits; `undefined` where nothing names them. */
  readonly classes: readonly string[] | undefined;
  /** SHA-256 of its architecture and weights. */
  readonly fingerprint: string;
  readonly parameters: number;
  readonly network: TeacherNetwork;
}

export function eyesOf({ network }: Teacher): Eyes {
  if (network.kind === 'model') return network.eyes;
  const { input, preprocessing } = network.graph;
  return { input, preprocessing };
}

/** For each class of the student, its place among the teacher's. Throws E547 where the lists differ. */
export function matchClasses(teacher: Teacher, student: readonly string[]): readonly number[] {
  const outputs =
    teacher.network.kind === 'graph'
      ? teacher.network.graph.classes.length
      : teacher.network.outputs;
  const { classes } = teacher;
  if (!classes) {
    if (outputs === student.length) return student.map((_, c) => c);
    throw new TrainError({
      code: 'E547',
      message: `the teacher tells ${outputs} classes apart, the photos have ${student.length}`,
      path: teacher.reference,
      hint: 'use a teacher that was trained on these classes',
    });
  }
  const places = new Map(classes.map((label, i) => [label, i]));
  const known = new Set(student);
  const missing = student.filter((label) => !places.has(label));
  const surplus = classes.filter((label) => !known.has(label));
  if (missing.length === 0 && surplus.length === 0) {
    return student.map((label) => places.get(label) as number);
  }
  throw new TrainError({
    code: 'E547',
    message: 'the classes of the teacher are not those of the photos',
    path: teacher.reference,
    notes: [
      ...(missing.length > 0 ? [`only the photos have: ${listed(missing)}`] : []),
      ...(surplus.length > 0 ? [`only the teacher has: ${listed(surplus)}`] : []),
    ],
    hint: 'teacher and student must tell the same classes apart, by the same names',
  });
}

function listed(labels: readonly string[]): string {
  const shown = labels.slice(0, 8).map((label) => JSON.stringify(label));
  return labels.length > 8 ? `${shown.join(', ')} and ${labels.length - 8} more` : shown.join(', ');
}

/** Whether what the teacher says of a photo is kept after the first time. */
export function isCached(recipe: Recipe): boolean {
  // Hints need more of the teacher than its logits.
  return isViewFixed(recipe) && recipe.distill?.hints.length === 0;
}

export function teacherPlan(
  teacher: Teacher,
  student: Pick<Graph, 'input' | 'classes'>,
  apart: boolean,
): TeacherPlan {
  const eyes = eyesOf(teacher);
  const [own, theirs] = [student.input.channels, eyes.input.channels];
  if (own !== theirs && !(own === 1 || (own === 3 && theirs === 1))) {
    throw new TrainError({
      code: 'E546',
      message: `the teacher takes images of ${theirs} channels, the student's have ${own}`,
      path: teacher.reference,
    });
  }
  const graph = teacher.network.kind === 'graph' ? teacher.network.graph : undefined;
  const order = matchClasses(teacher, student.classes);
  return { eyes, graph, order, apart: apart || !graph };
}

export function distillPlan(teacher: Teacher, student: Graph, recipe: Recipe): DistillPlan {
  const { distill } = recipe;
  if (!distill) throw new Error('netlathe bug: a teacher that no recipe asks for');
  const plan = teacherPlan(teacher, student, isCached(recipe));
  return { loss: distill, teacher: plan, hints: hintPlans(distill.hints, student, teacher) };
}

function hintPlans(
  hints: readonly HintRecipe[],
  student: Graph,
  teacher: Teacher,
): readonly HintPlan[] {
  if (hints.length === 0) return [];
  const { network, reference } = teacher;
  if (network.kind === 'model') {
    throw new TrainError({
      code: 'E549',
      message: 'hints need a teacher of netlathe, and this is a TensorFlow.js model',
      path: reference,
      hint: 'leave hints out, or teach by a run',
    });
  }
  return hints.map((hint) => ({
    ...{ kind: hint.kind, weight: hint.weight },
    student: layerOf(student, hint.student, 'student'),
    teacher: layerOf(network.graph, hint.teacher, 'teacher'),
  }));
}

function layerOf(graph: Graph, layer: string, whose: string): number {
  const node = graph.nodes.find(({ name }) => name === layer);
  if (node) return node.id;
  const names = graph.nodes.map(({ name }) => name);
  throw new TrainError({
    code: 'E549',
    message: `distill.hints: the ${whose} ${JSON.stringify(graph.name)} has no layer ${JSON.stringify(layer)}`,
    hint: didYouMean(layer, names) ?? 'netlathe compile lists the layers by name',
  });
}

/** In words, where the teacher does not see what the student sees, number by number. */
export function viewNote(teacher: Teacher, student: Eyes): string | undefined {
  const { input } = eyesOf(teacher);
  if (sameShape(input, student.input)) return undefined;
  const size = ({ height, width, channels }: Eyes['input']) => `${width}x${height}x${channels}`;
  return `the teacher takes ${size(input)}: it sees the student's augmented ${size(student.input)} image, resized`;
}

/** The teacher of a program: asked for the logits of the image that is there. */
export class TeacherHost {
  readonly #engine: Engine;
  readonly #buffers: TeacherBuffers;
  readonly #teacher: Teacher;
  readonly #order: readonly number[];
  readonly #apart: boolean;
  /** By photo, where each always looks the same. */
  readonly #said: { readonly logits: Float32Array; readonly known: Uint8Array } | undefined;

  constructor(
    engine: Engine,
    buffers: TeacherBuffers,
    teacher: Teacher,
    plan: TeacherPlan,
    /** Photos of the set, if what is said of each is to be kept. */
    cached?: number,
  ) {
    this.#engine = engine;
    this.#buffers = buffers;
    this.#teacher = teacher;
    this.#order = plan.order;
    this.#apart = plan.apart;
    const classes = plan.order.length;
    this.#said =
      cached === undefined
        ? undefined
        : { logits: new Float32Array(cached * classes), known: new Uint8Array(cached) };
    for (const { buffer, values } of buffers.constants) engine.floats(buffer).set(values);
    if (!buffers.network || teacher.network.kind !== 'graph') return;
    writeParameters(engine, buffers.network, teacher.network.weights);
    engine.run(teacherPreparation);
  }

  /** Of the last batch, in the order of the student's classes. */
  get logits(): Float32Array {
    return this.#engine.floats(this.#buffers.logits);
  }

  /** Whether `teach` must be called, with the image in its place, before the logits are used. */
  get isApart(): boolean {
    return this.#apart;
  }

  teach(indices: ArrayLike<number>): void {
    if (this.#recall(indices)) return;
    this.#engine.run('teacher');
    const { network } = this.#teacher;
    if (network.kind === 'model') this.#ask(network.logits);
    this.#remember(indices);
  }

  #ask(logits: (view: Float32Array) => Float32Array): void {
    const { view } = this.#buffers;
    if (!view) throw new Error('netlathe bug: the program shows the teacher nothing');
    const said = logits(this.#engine.floats(view));
    const classes = this.#order.length;
    this.logits.forEach((_, i, all) => {
      all[i] = said[i - (i % classes) + (this.#order[i % classes] as number)] as number;
    });
  }

  #recall(indices: ArrayLike<number>): boolean {
    const said = this.#said;
    if (!said || Array.from(indices).some((index) => said.known[index] === 0)) return false;
    const classes = this.#order.length;
    for (let n = 0; n < indices.length; n++) {
      const from = (indices[n] as number) * classes;
      this.logits.set(said.logits.subarray(from, from + classes), n * classes);
    }
    return true;
  }

  #remember(indices: ArrayLike<number>): void {
    const said = this.#said;
    if (!said) return;
    const classes = this.#order.length;
    for (let n = 0; n < indices.length; n++) {
      const index = indices[n] as number;
      said.logits.set(this.logits.subarray(n * classes, (n + 1) * classes), index * classes);
      said.known[index] = 1;
    }
  }
}
