/** What can be opened during a call beside the pictures, one at a time. */
import type { ComponentType } from 'preact';
import type { Call, CallSnapshot } from '../call';
import { Chat } from './chat/chat';
import { Help } from './comfort/help';
import { Preferences } from './preferences/preferences';
import { SettingsDialog } from './settings/settings';
import { StatisticsPanel } from './statistics/statistics';
import { Verify } from './verify/verify';

/** What a tool is drawn from. */
export interface ToolProps {
  call: Call;
  snapshot: CallSnapshot;
  onClose(): void;
}

/** By their names: a dialog in the middle, or a panel at the side. */
export const tools = {
  statistics: StatisticsPanel,
  chat: Chat,
  verify: Verify,
  preferences: Preferences,
  help: Help,
  settings: SettingsDialog,
} satisfies Record<string, ComponentType<ToolProps>>;

/** Name of a tool. */
export type ToolName = keyof typeof tools;
