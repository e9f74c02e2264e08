/** A Program that only makes images of photos: for an engine of another kind, so that it sees the same pixels. */

import type { Graph } from '../graph/graph.ts';
import { elements } from '../graph/shape.ts';
import { ProgramBuilder } from './builder.ts';
import { type Alterations, lowerPhotos, type PhotoBuffers } from './photos.ts';
import type { Buffer, Program } from './program.ts';
import { lowerTeacher, placeTeacher, type TeacherBuffers, type TeacherPlan } from './teacher.ts';
import { lowerInput } from './training.ts';

export interface ImageProgram {
  readonly program: Program;
  readonly batch: number;
  readonly image: Buffer;
  readonly photos: PhotoBuffers;
  readonly mixRows: Buffer | undefined;
  readonly altered: Alterations<Buffer> | undefined;
  readonly teacher: TeacherBuffers | undefined;
}

/** Its schedule is `images`, then `teacher` where there is one. `augmented` says whether as in training or as in evaluation. */
export function lowerImages(
  graph: Graph,
  options: {
    readonly batch: number;
    readonly photoBytes: number;
    readonly augmented: boolean;
    readonly mixed?: boolean;
    readonly altered?: boolean;
    readonly teacher?: TeacherPlan | undefined;
    /** 1 if left out: a teacher has more to do than to make images. */
    readonly threads?: number;
  },
): ImageProgram {
  const { batch, photoBytes: bytes, augmented } = options;
  const builder = new ProgramBuilder(options.threads ?? 1);
  const image = builder.kept('image', batch * elements(graph.input));
  builder.schedule('images');
  const { photos, mixRows, altered } = augmented
    ? lowerInput(builder, graph, image, options)
    : {
        photos: lowerPhotos(builder, graph, image, { batch, bytes, augmented }),
        mixRows: undefined,
        altered: undefined,
      };
  if (!photos) throw new Error('netlathe bug: the program takes no photos');
  const plan = options.teacher;
  const teacher = plan && lowerTeacher(builder, graph, image, plan, { batch, schedule: 'teacher' });
  const { program, at } = builder.finish();
  return {
    program,
    batch,
    image: at(image),
    photos: { photos: at(photos.photos), rows: at(photos.rows), norms: at(photos.norms) },
    mixRows: mixRows && at(mixRows),
    altered: altered && { rows: at(altered.rows), neutral: at(altered.neutral) },
    teacher: teacher && placeTeacher(teacher, at),
  };
}
