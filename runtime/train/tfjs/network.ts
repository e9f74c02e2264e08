/** A Graph as a model of TensorFlow.js that trains as the engine does: same dropout masks, same running statistics. */

import type * as tfjs from '@tensorflow/tfjs';
import type { DistillLoss } from '../../../compiler/6-lower/distill.ts';
import {
  buildTfjsModel,
  type ModelWeight,
  modelWeights,
  type Tf,
} from '../../../compiler/7-emit/tfjs/index.ts';
import { layerName } from '../../../compiler/7-emit/tfjs/names.ts';
import type { Graph, GraphNode } from '../../../compiler/graph/graph.ts';
import { elements } from '../../../compiler/graph/shape.ts';
import { dropElements } from '../../kernels/plain/elementwise.ts';
import type { Lesson } from '../lesson.ts';
import { countAgreeing, countCorrect } from '../pace.ts';
import { dropoutSeedAt } from '../random.ts';
import type { Batch } from './batches.ts';
import { distillationLoss } from './distill.ts';

export interface Gradients {
  /** Of the sum of the losses, in the order of the variables asked for. The caller disposes of them. */
  readonly tensors: readonly tfjs.Tensor[];
  readonly loss: number;
  readonly correct: number;
  readonly lesson?: Lesson;
}

interface Norm {
  readonly variance: tfjs.Variable;
  readonly momentum: number;
  /** Values a channel has in an image. */
  readonly pixels: number;
}

export class TfjsNetwork {
  readonly weights: readonly ModelWeight[];
  readonly #tf: Tf;
  readonly #graph: Graph;
  readonly #model: tfjs.LayersModel;
  readonly #norms: readonly Norm[];
  readonly #distill: DistillLoss | undefined;
  /** What dropout draws by: the seed of the run and the number of the batch. */
  #draw = { seed: 0, part: 0 };

  constructor(tf: Tf, graph: Graph, distill?: DistillLoss) {
    this.#distill = distill;
    this.#tf = tf;
    this.#graph = graph;
    this.#model = buildTfjsModel(tf, graph);
    this.weights = modelWeights(this.#model, graph);
    this.#norms = this.weights.flatMap((weight) => normOf(weight));
    for (const node of graph.nodes) if (node.op === 'dropout') this.#drawAsTheEngine(node);
  }

  async gradients(
    batch: Batch,
    variables: readonly tfjs.Variable[],
    draw: { readonly seed: number; readonly part: number },
  ): Promise<Gradients> {
    this.#draw = draw;
    const { labels } = batch;
    const { tensors, logits, loss, taught } = this.#differentiate(batch, variables);
    // Together: a GPU is waited for once.
    const [rows, sum, part] = await Promise.all([
      logits.data<'float32'>(),
      loss.data(),
      taught?.data(),
    ]);
    this.#tf.dispose(taught ? [logits, loss, taught] : [logits, loss]);
    const figures = { tensors, loss: sum[0] as number, correct: countCorrect(rows, labels) };
    if (!part || !batch.teacher) return figures;
    const lesson: Lesson = {
      loss: part[0] as number,
      hints: 0,
      teacherCorrect: countCorrect(batch.teacher, labels),
      agreed: countAgreeing(rows, batch.teacher, labels.length),
    };
    return { ...figures, lesson };
  }

  /** The caller disposes of all. */
  #differentiate({ image, targets, labels, teacher }: Batch, variables: readonly tfjs.Variable[]) {
    const tf = this.#tf;
    return tf.tidy(() => {
      const before = this.#norms.map(({ variance }) => tf.clone(variance));
      const table = (values: Float32Array) =>
        tf.tensor2d(values.slice(), [labels.length, this.#graph.classes.length]);
      const wanted = table(targets);
      const said = teacher && table(teacher);
      let rows: tfjs.Tensor2D | undefined;
      const { value, grads } = tf.variableGrads(() => {
        const options = { training: true };
        const logits = this.#model.apply(this.#tensorOf(image), options) as tfjs.Tensor2D;
        rows = tf.keep(logits);
        return this.#loss(logits, wanted, said);
      }, [...variables]);
      this.#unbias(before, labels.length);
      const logits = rows as tfjs.Tensor2D;
      // What does not lead to the loss has no gradient.
      const tensors = variables.map((v) => grads[v.name] ?? tf.zerosLike(v));
      const taught =
        said && this.#distill
          ? distillationLoss(tf, this.#distill, { logits, teacher: said, targets: wanted })
          : undefined;
      return { tensors, logits, loss: value, taught };
    });
  }

  #loss(logits: tfjs.Tensor2D, targets: tfjs.Tensor2D, teacher: tfjs.Tensor2D | undefined) {
    const tf = this.#tf;
    const hard = tf.neg(tf.sum(tf.mul(targets, tf.logSoftmax(logits)))) as tfjs.Scalar;
    if (!teacher || !this.#distill) return hard;
    const soft = distillationLoss(tf, this.#distill, { logits, teacher, targets });
    return tf.add(tf.mul(hard, 1 - this.#distill.alpha), soft) as tfjs.Scalar;
  }

  async logits(image: Float32Array): Promise<Float32Array> {
    const rows = this.#tf.tidy(() => this.#model.predict(this.#tensorOf(image)) as tfjs.Tensor);
    try {
      return await rows.data<'float32'>();
    } finally {
      rows.dispose();
    }
  }

  dispose(): void {
    this.#model.dispose();
  }

  /** A copy: the image lies in memory that is shared with WebAssembly. */
  #tensorOf(image: Float32Array): tfjs.Tensor4D {
    const { height, width, channels } = this.#graph.input;
    return this.#tf.tensor4d(image.slice(), [
      image.length / elements(this.#graph.input),
      height,
      width,
      channels,
    ]);
  }

  /**
   * tfjs takes the biased variance of the batch into the running one, the engine (as PyTorch) the unbiased one, n / (n - 1)
   * times as large. What came in is the difference to what was kept of the old value.
   */
  #unbias(before: readonly tfjs.Tensor[], images: number): void {
    const tf = this.#tf;
    this.#norms.forEach(({ variance, momentum, pixels }, i) => {
      const count = images * pixels;
      if (count === 1) return;
      const kept = tf.mul(before[i] as tfjs.Tensor, 1 - momentum);
      variance.assign(tf.add(variance, tf.div(tf.sub(variance, kept), count - 1)));
    });
  }

  /** tfjs would draw from a state of its own; the engine's masks are a function of seed, batch and layer. */
  #drawAsTheEngine(node: GraphNode<'dropout'>): void {
    const tf = this.#tf;
    const layer = this.#model.getLayer(layerName(node.name));
    const call = layer.call.bind(layer);
    layer.call = (inputs, options) => {
      if (!options.training) return call(inputs, options);
      const x = (Array.isArray(inputs) ? inputs[0] : inputs) as tfjs.Tensor;
      const seed = dropoutSeedAt(this.#draw.seed, this.#draw.part, node.id);
      return tf.mul(x, tf.tensor(dropoutMask(node, x.shape[0] as number, seed), x.shape));
    };
  }
}

function normOf({ node, spec, variable }: ModelWeight): readonly Norm[] {
  if (node.op !== 'batchNorm' || spec.name !== 'movingVariance') return [];
  const { height, width } = node.shape;
  return [{ variance: variable, momentum: node.attributes.momentum, pixels: height * width }];
}

function dropoutMask(node: GraphNode<'dropout'>, batch: number, seed: number): Float32Array {
  const { rate } = node.attributes;
  const size = elements(node.shape);
  const input = new Float32Array(batch * size).fill(1);
  const output = new Float32Array(batch * size);
  const threshold = Math.floor(rate * 2 ** 32) | 0;
  dropElements.plain({ input, output, size, seed, threshold, scale: 1 / (1 - rate) }, 0, batch);
  return output;
}
