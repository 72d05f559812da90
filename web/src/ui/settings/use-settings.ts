import { useCallback } from 'preact/hooks';
import type { Call, Settings } from '../../call';
import { useLoaded } from '../hooks';

/** The settings of a call; `null` until they are here. */
export function useSettings(call: Call): Settings | null {
  return useLoaded(useCallback(() => call.settings(), [call]));
}
