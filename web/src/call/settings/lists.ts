/** The lists from which a person chooses a device. */
import type { Chosen } from '../choices';
import { ALIAS, type DeviceInfo } from '../devices';

/** A device to choose. Without a permission the browser tells no names: then `label` is empty. */
export interface DeviceOption {
  readonly id: string;
  readonly label: string;
}

/**
 * The devices of a kind. The first one has the empty id if the browser has a default of its own, which may change
 * with what is plugged in.
 */
export function optionsOf(
  all: readonly DeviceInfo[],
  kind: MediaDeviceKind,
): readonly DeviceOption[] {
  const mine = all.filter((one) => one.kind === kind);
  const real = mine.filter((one) => !ALIAS.test(one.deviceId));
  // Before a permission there is one nameless entry for each kind.
  if (real.length === 0) return mine.slice(0, 1).map(() => ({ id: '', label: '' }));
  const options = real.map(({ deviceId, label }) => ({ id: deviceId, label }));
  return mine.some((one) => one.deviceId === 'default')
    ? [{ id: '', label: '' }, ...options]
    : options;
}

/** Which device of a list was chosen: by its id, or else by its name; `null` if it is not there. */
export function findChosen(
  options: readonly DeviceOption[],
  chosen: Chosen | undefined,
): DeviceOption | null {
  if (!chosen?.id) return null;
  const byName = (one: DeviceOption) => one.label !== '' && one.label === chosen.label;
  return options.find((one) => one.id === chosen.id) ?? options.find(byName) ?? null;
}
