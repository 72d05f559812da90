import type { CallSnapshot, ChatLine, FileTransfer } from '../../call';

/** What stands in the conversation: a line or a file. */
export type Item = { key: string; mine: boolean; at: number } & (
  | { line: ChatLine; transfer?: undefined }
  | { transfer: FileTransfer; line?: undefined }
);

/** Lines and files in the order in which they came. */
export function itemsOf({ chat, files }: Pick<CallSnapshot, 'chat' | 'files'>): Item[] {
  const lines = chat.map(
    (line): Item => ({ key: `${line.key}`, mine: line.mine, at: line.at, line }),
  );
  const transfers = files.map(
    (transfer): Item => ({ key: transfer.id, mine: transfer.mine, at: transfer.at, transfer }),
  );
  return [...lines, ...transfers].sort((one, other) => one.at - other.at);
}
