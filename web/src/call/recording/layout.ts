/** Where the pictures of a recording are drawn. */

/** A picture that is to be drawn; `shape` is its width divided by its height. */
export interface Drawn<T> {
  of: T;
  shape: number;
}

/** A place on the canvas, in its pixels. */
export interface Box<T> {
  of: T;
  x: number;
  y: number;
  width: number;
  height: number;
}

/** How high a small picture may be, as a part of the whole height; how wide, likewise; and the space around it. */
const SMALL_HEIGHT = 0.25;
const SMALL_WIDTH = 0.25;
const GAP = 0.025;

/**
 * The first picture as large as it can be, with nothing of it cut off; the others small, one above the other in
 * the corner at the bottom right. To be drawn in this order.
 */
export function layout<T>(
  pictures: readonly Drawn<T>[],
  width: number,
  height: number,
): readonly Box<T>[] {
  const [first, ...others] = pictures;
  if (!first) return [];
  const large = within(first.shape, width, height);
  const boxes: Box<T>[] = [
    { of: first.of, x: (width - large.width) / 2, y: (height - large.height) / 2, ...large },
  ];
  const gap = GAP * height;
  let bottom = height;
  for (const { of, shape } of others) {
    const small = within(shape, SMALL_WIDTH * width, SMALL_HEIGHT * height);
    bottom -= small.height + gap;
    boxes.push({ of, x: width - small.width - gap, y: bottom, ...small });
  }
  return boxes;
}

/** The largest size of a shape that fits. */
function within(shape: number, width: number, height: number) {
  return shape > width / height
    ? { width, height: width / shape }
    : { width: height * shape, height };
}
