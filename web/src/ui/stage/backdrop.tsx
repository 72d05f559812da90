import { useEffect, useRef } from 'preact/hooks';

/** Pixels of its longer side: as few as blur it, and as many as make that smooth. */
const COARSE = 12;
const FINE = 96;
/**
 * The colours are taken anew so often (ms): Chromium keeps some megabytes of memory for minutes for each picture of a
 * video that is drawn.
 */
const TAKE_EVERY_MS = 10_000;
/** They go over into what is seen in steps (ms), each a part of the way. */
const STEP_MS = 200;
const PART = 0.1;

/**
 * What lies around a picture that does not fill its place: the colours of the `<video>` that follows it, of this shape.
 * A second video under a blur would be drawn with every frame, which costs more than all else of a call's pictures.
 */
export function Backdrop({ shape }: { shape: number }) {
  const ref = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const fine = ref.current;
    const coarse = Object.assign(document.createElement('canvas'), sizeOf(shape, COARSE));
    const video = fine?.nextElementSibling as HTMLVideoElement;
    let taken = Number.NEGATIVE_INFINITY;
    const step = () => {
      const [from, to] = [coarse.getContext('2d'), fine?.getContext('2d')];
      if (!from || !to || video.readyState < video.HAVE_CURRENT_DATA) return;
      const now = performance.now();
      if (now - taken >= TAKE_EVERY_MS) {
        taken = now;
        from.imageSmoothingQuality = 'high';
        from.drawImage(video, 0, 0, coarse.width, coarse.height);
      }
      to.imageSmoothingQuality = 'high';
      to.drawImage(coarse, 0, 0, to.canvas.width, to.canvas.height);
      to.globalAlpha = PART;
    };
    // It gets sharper, or is of another camera.
    const another = () => {
      taken = Number.NEGATIVE_INFINITY;
    };
    step();
    const stepping = setInterval(step, STEP_MS);
    video.addEventListener('resize', another);
    return () => {
      clearInterval(stepping);
      video.removeEventListener('resize', another);
    };
  }, [shape]);
  return <canvas ref={ref} class="backdrop" {...sizeOf(shape, FINE)} />;
}

function sizeOf(shape: number, longer: number) {
  return {
    width: Math.ceil(longer * Math.min(1, shape)),
    height: Math.ceil(longer / Math.max(1, shape)),
  };
}
