import { words } from './say';
import { lineOf, minutesFor, type Point, topOf } from './scale';

/** One line of a plot, and its present value in words. */
export interface Line {
  name: string;
  points: readonly Point[];
  text: string;
}

interface PlotProps {
  title: string;
  /** One or two; the second one is dashed. */
  lines: readonly Line[];
  /** The upper end of the axis is at least this. */
  least: number;
  /** A value of the axis with its unit. */
  label(value: number): string;
}

const WIDTH = 320;
const HEIGHT = 64;
/** A line at the very edge would be cut. */
const HEADROOM = 1.1;

/** Values over the last minutes, with the present ones in words: who does not see the lines misses nothing. */
export function Plot({ title, lines, least, label }: PlotProps) {
  const times = lines.flatMap(({ points }) => points.map(([at]) => at));
  const end = Math.max(...times, 0);
  const minutes = minutesFor((end - Math.min(...times, end)) / 1_000);
  const span = minutes * 60_000;
  const shown = lines.flatMap(({ points }) =>
    points.filter(([at]) => at >= end - span).map(([, value]) => value ?? 0),
  );
  const top = topOf(Math.max(0, ...shown) * HEADROOM, least);
  const said = lines.map(({ name, text }) => `${name}: ${text}`).join(', ');
  return (
    <figure class="plot">
      <figcaption>
        <b>{title}</b>
        {lines.map(({ name, text }, index) => (
          // The picture says the same, with what it is.
          <span key={name} class="plot-value" data-line={index} aria-hidden="true">
            {text}
          </span>
        ))}
      </figcaption>
      <div class="plot-box">
        <span class="plot-top" aria-hidden="true">
          {label(top)}
        </span>
        <span class="plot-bottom" aria-hidden="true">
          0
        </span>
        <svg
          viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
          preserveAspectRatio="none"
          role="img"
          aria-label={`${title}, ${words.over(minutes)}. ${said}`}
        >
          {[0, 0.5, 1].map((part) => (
            <path key={part} class="plot-grid" d={`M0 ${HEIGHT * part}H${WIDTH}`} />
          ))}
          {lines.map(({ name, points }, index) => (
            <path
              key={name}
              class="plot-line"
              data-line={index}
              d={lineOf(points, { end, span, top, width: WIDTH, height: HEIGHT })}
            />
          ))}
        </svg>
        <span class="plot-from" aria-hidden="true">
          {words.past(minutes)}
        </span>
        <span class="plot-to" aria-hidden="true">
          {words.now}
        </span>
      </div>
    </figure>
  );
}
