/** Two tin cans and a string: the sign of the page. */
export function Tins({ class: className = '' }: { class?: string }) {
  return (
    <svg class={`tins ${className}`} viewBox="0 0 400 236" aria-hidden="true">
      <path class="tins-string" d="M92 148C110 262 290 262 308 148" />
      <Tin class="tin-left" />
      <Tin class="tin-right" />
    </svg>
  );
}

function Tin({ class: className }: { class: string }) {
  return (
    <g class={`tin ${className}`}>
      <path class="tin-body" d="M-46-58V58A46 14 0 0 0 46 58V-58Z" />
      <path class="tin-label" d="M-46-26A46 14 0 0 0 46-26V32A46 14 0 0 1-46 32Z" />
      <path class="tin-shade" d="M18-45V71.5A46 14 0 0 0 46 58V-58Z" />
      <path class="tin-light" d="M-37-50V66.5L-25 70V-46Z" />
      <path class="tin-ridge" d="M-46-42A46 14 0 0 0 46-42M-46 44A46 14 0 0 0 46 44" />
      <ellipse class="tin-rim" cy="-58" rx="46" ry="14" />
      <ellipse class="tin-inside" cy="-58" rx="38.5" ry="10" />
    </g>
  );
}

/** The name with its sign, as a link to the start page. */
export function Wordmark({ onHome, label }: { onHome(): void; label: string }) {
  return (
    <a
      class="wordmark"
      href="/"
      aria-label={`twocan: ${label}`}
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey) return;
        event.preventDefault();
        onHome();
      }}
    >
      <Tins />
      <span>twocan</span>
    </a>
  );
}
