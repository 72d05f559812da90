import type { CallSnapshot, Codecs, End, Route, Sample } from '../../call';
import { Panel } from '../panel/panel';
import type { ToolProps } from '../tools';
import { Plot } from './plot';
import { SaveStatistics } from './save';
import { bitrateText, bothOf, framesText, latestOf, msText, shareText, words } from './say';
import { SetupParts, setupText } from './setup-parts';
import './statistics.css';

/** How the call is, in plots and words. */
export function StatisticsPanel({ snapshot, onClose }: ToolProps) {
  const { statistics, setup } = snapshot;
  const samples = statistics?.samples ?? [];
  const latest = latestOf(samples);
  return (
    <Panel heading={words.statistics} onClose={onClose}>
      <div class="statistics">
        <Verdict snapshot={snapshot} />
        <Plots samples={samples} latest={latest} />
        {latest && statistics?.codecs && <Media latest={latest} codecs={statistics.codecs} />}
        {statistics?.route && <PathPart route={statistics.route} />}
        {setup && (
          <section>
            <h3>{words.setup.heading}</h3>
            <p>{setupText(setup)}</p>
            <SetupParts setup={setup} />
          </section>
        )}
        <SaveStatistics snapshot={snapshot} />
      </div>
    </Panel>
  );
}

function Verdict({ snapshot: { phase, statistics } }: { snapshot: CallSnapshot }) {
  const trouble = statistics?.trouble ?? null;
  const text =
    phase === 'connected' ? (trouble ? words.troubles[trouble] : words.fine) : words.interrupted;
  return (
    <div class="verdict" data-line={phase !== 'connected' ? 'offline' : trouble ? 'weak' : 'good'}>
      <span class="dot" />
      <div>
        <b>{text}</b>
        {phase === 'connected' && trouble && <p>{words.advice[trouble]}</p>}
      </div>
    </div>
  );
}

function Plots({ samples, latest }: { samples: readonly Sample[]; latest: Sample | null }) {
  const { plots, received, sent } = words;
  const line = (
    name: string,
    of: (sample: Sample) => number | null,
    text: (value: number | null) => string,
  ) => ({
    name,
    points: samples.map((sample) => [sample.at, of(sample)] as const),
    text: text(latest && of(latest)),
  });
  return (
    <section class="plots">
      <p class="legend" aria-hidden="true">
        <span data-line="0">{received}</span>
        <span data-line="1">{sent}</span>
      </p>
      <Plot
        title={plots.bitrate}
        lines={[
          line(received, ({ audioIn, videoIn }) => bothOf(audioIn, videoIn), bitrateText),
          line(sent, ({ audioOut, videoOut }) => bothOf(audioOut, videoOut), bitrateText),
        ]}
        least={100_000}
        label={bitrateText}
      />
      <Plot
        title={plots.frames}
        lines={[
          line(received, ({ framesIn }) => framesIn, framesText),
          line(sent, ({ framesOut }) => framesOut, framesText),
        ]}
        least={20}
        label={framesText}
      />
      <Plot
        title={plots.loss}
        lines={[
          line(received, ({ lossIn }) => lossIn, shareText),
          line(sent, ({ lossOut }) => lossOut, shareText),
        ]}
        least={0.05}
        label={shareText}
      />
      <Plot
        title={plots.roundTrip}
        lines={[line(plots.roundTrip, ({ roundTrip }) => roundTrip, msText)]}
        least={50}
        label={msText}
      />
    </section>
  );
}

/** Sound and picture, both ways: a table, since each fact is of one of four streams. */
function Media({ latest, codecs }: { latest: Sample; codecs: Codecs }) {
  const { media, received, sent, unknown } = words;
  const size = (of: Sample['sizeIn']) => (of ? `${of.width} × ${of.height}` : unknown);
  const rows: [string, string, string][] = [
    [
      media.codec,
      list(codecs.videoIn, codecs.audioIn) ?? unknown,
      list(codecs.videoOut, codecs.audioOut) ?? unknown,
    ],
    [media.size, size(latest.sizeIn), size(latest.sizeOut)],
    [media.video, bitrateText(latest.videoIn), bitrateText(latest.videoOut)],
    [media.audio, bitrateText(latest.audioIn), bitrateText(latest.audioOut)],
  ];
  const facts: [string, string | null][] = [
    [media.jitter, latest.jitter === null ? null : msText(latest.jitter)],
    [media.concealed, latest.concealed === null ? null : shareText(latest.concealed)],
    [media.limitation, latest.limitation && media.limitations[latest.limitation]],
    [media.available, latest.available === null ? null : bitrateText(latest.available)],
  ];
  return (
    <section>
      <h3>{media.heading}</h3>
      <table>
        <thead>
          <tr>
            <td />
            <th scope="col">{received}</th>
            <th scope="col">{sent}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(([name, incoming, outgoing]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>{incoming}</td>
              <td>{outgoing}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <Facts facts={facts} />
    </section>
  );
}

function PathPart({ route }: { route: Route }) {
  const { path } = words;
  const { protocol, relayProtocol } = route;
  return (
    <section>
      <h3>{path.heading}</h3>
      <p>{route.path === 'relayed' ? path.relayed : path.direct(protocol?.toUpperCase() ?? '?')}</p>
      {relayProtocol && <p>{path.reached(relayProtocol.toUpperCase())}</p>}
      <Facts
        facts={[
          [path.own, endText(route.local)],
          [path.theirs, endText(route.remote)],
        ]}
      />
    </section>
  );
}

/** Names and values; what is not known is left out. */
function Facts({ facts }: { facts: [string, string | null][] }) {
  return (
    <dl class="facts">
      {facts.map(
        ([name, value]) =>
          value !== null && (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ),
      )}
    </dl>
  );
}

function endText({ type, address, port }: End): string {
  const { types, hidden } = words.path;
  const kind = type && Object.hasOwn(types, type) ? types[type as keyof typeof types] : type;
  // Browsers give a made-up name in place of an address that they hide.
  const shown = !address || address.endsWith('.local') ? hidden : address;
  const whole = shown.includes(':') ? `[${shown}]` : shown;
  return [kind, port === null ? whole : `${whole}:${port}`].filter(Boolean).join(', ');
}

function list(...names: (string | null)[]): string | null {
  return names.filter(Boolean).join(', ') || null;
}
