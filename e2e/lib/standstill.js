// How long the pictures from the other one stand still, as the person sees it.

/**
 * Watches the pictures that `person` is shown from here on. The answer ends that, and tells the longest time without
 * a new one, in milliseconds.
 */
export async function watchPictures(person) {
  await person.page.evaluate(startWatching, person.theirs);
  return () => person.page.evaluate(stopWatching);
}

/** Runs in the page. */
function startWatching(selector) {
  const watch = { longest: 0, last: performance.now(), video: null };
  window.e2e.pictures = watch;
  const seen = () => {
    if (window.e2e.pictures !== watch) return;
    const now = performance.now();
    watch.longest = Math.max(watch.longest, now - watch.last);
    watch.last = now;
    watch.video.requestVideoFrameCallback(seen);
  };
  // The page may show another element in its place.
  watch.looking = setInterval(() => {
    const video = document.querySelector(selector);
    if (!video || video === watch.video) return;
    watch.video = video;
    video.requestVideoFrameCallback(seen);
  }, 50);
}

/** Runs in the page. */
function stopWatching() {
  const { longest, last, looking } = window.e2e.pictures;
  clearInterval(looking);
  window.e2e.pictures = null;
  return Math.round(Math.max(longest, performance.now() - last));
}
