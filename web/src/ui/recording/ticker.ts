/** A clock for a page that nobody looks at: timers of the page itself go once a second there. */
addEventListener('message', ({ data }) => setTimeout(() => postMessage(null), Number(data)));
