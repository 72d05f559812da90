import { useId } from 'preact/hooks';
import type { SettingsSnapshot } from '../../call';
import { inLanguage } from '../i18n/later';
import { useModal } from '../modal';
import type { ToolProps } from '../tools';
import { CameraPick, MicrophonePick, Refused, SpeakerPick } from './device-picks';
import { Level } from './level';
import { NameField } from './name-field';
import { Pick } from './pick';
import { useSettings } from './use-settings';
import { settingsWords } from './words';
import '../style/dialog.css';
import './settings.css';

const words = inLanguage(settingsWords);
const HEIGHTS = [360, 720, 1080] as const;
const RATES = [15, 30, 60] as const;

/** Everything that can be chosen during a call. */
export function SettingsDialog({ call, snapshot, onClose }: ToolProps) {
  const dialog = useModal();
  const id = useId();
  const settings = useSettings(call);
  const now = snapshot.settings;
  return (
    <dialog ref={dialog} class="dialog settings" aria-labelledby={id} onClose={onClose}>
      <div class="settings-body">
        <h2 id={id} tabIndex={-1} autofocus>
          {words.settings}
        </h2>
        {settings && now && (
          <div class="picks">
            <CameraPick settings={settings} now={now} />
            <div class="with-level">
              <MicrophonePick settings={settings} now={now} />
              <Level call={call} snapshot={snapshot} />
            </div>
            <SpeakerPick settings={settings} now={now} />
            <Refused now={now} />
            <div class="side-by-side">
              <Pick
                label={words.height}
                value={String(now.height ?? '')}
                options={withAutomatic(HEIGHTS, words.lines)}
                onPick={(value) =>
                  void settings.setQuality({ height: chosen(HEIGHTS, value), rate: now.rate })
                }
              />
              <Pick
                label={words.rate}
                value={String(now.rate ?? '')}
                options={withAutomatic(RATES, words.perSecond)}
                onPick={(value) =>
                  void settings.setQuality({ height: now.height, rate: chosen(RATES, value) })
                }
              />
            </div>
            <p class="small" role="status">
              {granted(now)}
            </p>
            <label class="switch">
              <input
                type="checkbox"
                checked={now.lowData}
                onChange={(event) => settings.setLowData(event.currentTarget.checked)}
              />
              <span>
                {words.lowData}
                <small>{words.lowDataText}</small>
              </span>
            </label>
            {snapshot.remote.lowData && <p class="small">{words.theyLowData}</p>}
            <NameField settings={settings} now={now} />
          </div>
        )}
        <button type="button" class="primary" onClick={() => dialog.current?.close()}>
          {words.close}
        </button>
      </div>
    </dialog>
  );
}

function granted({ granted }: SettingsSnapshot): string {
  if (!granted) return words.cameraOff;
  const size = `${granted.width} × ${granted.height}`;
  return granted.rate > 0 ? words.granted(size, String(granted.rate)) : words.grantedSize(size);
}

function withAutomatic(values: readonly number[], name: (value: string) => string) {
  return [
    ['', words.automatic] as const,
    ...values.map((value) => [String(value), name(String(value))] as const),
  ];
}

function chosen<T extends number>(values: readonly T[], value: string): T | undefined {
  return values.find((one) => String(one) === value);
}
