/** Which part of a photo is shown in which part of the input, in whole pixels. */

import type { Preprocessing } from '../../compiler/graph/graph.ts';

interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Rectangle extends Size {
  readonly x: number;
  readonly y: number;
}

export interface ResizePlan {
  /** Of the photo. */
  readonly crop: Rectangle;
  /** Of the input. */
  readonly box: Rectangle;
}

/** `cover` crops the centre to the input's shape, `fit` shows all between grey bars, `stretch` distorts. */
export function planResize(photo: Size, input: Size, mode: Preprocessing['resize']): ResizePlan {
  const whole = (size: Size): Rectangle => ({ x: 0, y: 0, width: size.width, height: size.height });
  switch (mode) {
    case 'stretch':
      return { crop: whole(photo), box: whole(input) };
    case 'cover':
      return { crop: centred(photo, input), box: whole(input) };
    case 'fit':
      return { crop: whole(photo), box: centred(input, photo) };
  }
}

/** The largest rectangle of one shape in the middle of another. */
function centred(outer: Size, shape: Size): Rectangle {
  let { width, height } = outer;
  if (outer.width * shape.height > outer.height * shape.width) {
    width = Math.max(1, Math.round((outer.height * shape.width) / shape.height));
  } else {
    height = Math.max(1, Math.round((outer.width * shape.height) / shape.width));
  }
  return {
    x: Math.floor((outer.width - width) / 2),
    y: Math.floor((outer.height - height) / 2),
    width,
    height,
  };
}
