/** What the browser and the device can do, beyond what the list of devices tells. */
export interface Abilities {
  /** Sound can be sent to a speaker of choice. */
  readonly speakers: boolean;
  /** It is held in the hand: cameras lie on two sides. */
  readonly touch: boolean;
}

/** Those of the browser that this runs in. */
export function browserAbilities(): Abilities {
  return {
    speakers: 'HTMLMediaElement' in globalThis && 'setSinkId' in HTMLMediaElement.prototype,
    touch: 'navigator' in globalThis && navigator.maxTouchPoints > 0,
  };
}
