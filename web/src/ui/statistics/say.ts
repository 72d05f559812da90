import { type CallSnapshot, type Sample, worstOf } from '../../call';
import { inLanguage } from '../i18n/later';
import { statisticsWords } from './words';

/** The words of the statistics, in the language of the page. */
export const words = inLanguage(statisticsWords);

/** What is wrong with the call, in a few words; `null` if nothing is. */
export function troubleText({ phase, statistics }: CallSnapshot): string | null {
  const trouble = phase === 'connected' ? statistics?.trouble : null;
  return trouble ? words.troubles[trouble] : null;
}

/** How the call has been, in one sentence; `null` if there was too little of it to tell. */
export function reviewOf({ statistics }: CallSnapshot): string | null {
  const { review } = words;
  if (!statistics || statistics.summary.seconds < 2) return null;
  const worst = worstOf(statistics.summary);
  if (!worst || worst.seconds < 1) return review.good;
  const { seconds } = statistics.summary;
  return review.weak(lengthOf(worst.seconds), lengthOf(seconds), review.causes[worst.what]);
}

function lengthOf(seconds: number): string {
  const { review } = words;
  return seconds < 90
    ? review.seconds(Math.round(seconds))
    : review.minutes(Math.round(seconds / 60));
}

/** Bits a second. */
export function bitrateText(bits: number | null): string {
  if (bits === null) return words.unknown;
  if (bits >= 999_500) return `${brief(bits / 1e6)} Mbit/s`;
  return `${Math.round(bits / 1e3)} kbit/s`;
}

/** A share from 0 to 1. */
export function shareText(share: number | null): string {
  if (share === null) return words.unknown;
  return `${brief(share * 100)} %`;
}

/** With one digit after the point where it says something. */
function brief(value: number): string {
  return String(Number(value.toFixed(value < 9.95 ? 1 : 0)));
}

/** Milliseconds. */
export function msText(ms: number | null): string {
  if (ms === null) return words.unknown;
  return ms < 1 ? '< 1 ms' : `${Math.round(ms)} ms`;
}

/** Pictures a second. */
export function framesText(frames: number | null): string {
  return frames === null ? words.unknown : words.perSecond(frames.toFixed(0));
}

/** Sound and picture together; `null` if neither is known. */
export function bothOf(audio: number | null, video: number | null): number | null {
  return audio === null && video === null ? null : (audio ?? 0) + (video ?? 0);
}

/** The last one; `null` before there is any. */
export function latestOf(samples: readonly Sample[]): Sample | null {
  return samples.at(-1) ?? null;
}
