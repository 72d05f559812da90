/** The screens that come after the first one and what goes along with all; fetched while the first is shown. */
export { AskFirst } from '../ask/ask-first';
export { Ready } from '../ask/ready';
export { attend, PreferencesButton } from '../beside';
export { titleOf } from '../say-call';
export { Level, Pickers } from '../settings/lobby';
export { Ended, Failed, Replaced } from './after';
export { InCall } from './in-call';
export { Waiting } from './waiting';
