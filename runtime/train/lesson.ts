/** What a step says of its teacher. */

/** Sums over the photos of a step. */
export interface Lesson {
  /** The teacher's part of the loss, hints included. */
  readonly loss: number;
  readonly hints: number;
  /** Photos that the teacher was right about. */
  readonly teacherCorrect: number;
  /** Photos of which student and teacher said the same. */
  readonly agreed: number;
}

export function addLessons(sum: Lesson | undefined, more: Lesson | undefined): Lesson | undefined {
  if (!sum || !more) return sum ?? more;
  return {
    loss: sum.loss + more.loss,
    hints: sum.hints + more.hints,
    teacherCorrect: sum.teacherCorrect + more.teacherCorrect,
    agreed: sum.agreed + more.agreed,
  };
}
