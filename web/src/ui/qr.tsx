import { useEffect, useState } from 'preact/hooks';

/** A QR code of a text, as one path: dark on light in either colour scheme, as scanners expect. */
export function QrCode({ text, label }: { text: string; label: string }) {
  const [{ path, size }, setCode] = useState({ path: '', size: 1 });
  useEffect(() => {
    let shown = true;
    // Loaded when the first code is shown: most of the page's visits never get to one.
    import('uqr').then(({ encode }) => {
      const { data, size } = encode(text, { ecc: 'M', border: 2 });
      const dots = data.flatMap((row, y) =>
        row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : '')),
      );
      if (shown) setCode({ path: dots.join(''), size });
      // Without the code the link itself is still there.
    }, console.warn);
    return () => {
      shown = false;
    };
  }, [text]);
  return (
    <svg class="qr" viewBox={`0 0 ${size} ${size}`} role="img" aria-label={label}>
      <path d={path} shape-rendering="crispEdges" />
    </svg>
  );
}
