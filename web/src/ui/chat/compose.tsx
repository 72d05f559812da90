import clip from 'lucide-static/icons/paperclip.svg?raw';
import arrow from 'lucide-static/icons/send-horizontal.svg?raw';
import { useRef, useState } from 'preact/hooks';
import type { Call, Unsayable } from '../../call';
import { inLanguage } from '../i18n/later';
import { Glyph } from '../icons';
import { chatWords } from './words';

const words = inLanguage(chatWords);

/** What a call's conversation has half written, over an opening and closing of the panel. */
const drafts = new WeakMap<Call, string>();

/** Where a line is written, and files are chosen. */
export function Compose({ call, files }: { call: Call; files: boolean }) {
  const [text, setText] = useState(drafts.get(call) ?? '');
  const [problem, setProblem] = useState<Exclude<Unsayable, 'empty'> | null>(null);
  const picker = useRef<HTMLInputElement>(null);
  const field = useRef<HTMLTextAreaElement>(null);

  const change = (next: string) => {
    drafts.set(call, next);
    setText(next);
    setProblem(null);
  };
  const send = async () => {
    field.current?.focus();
    const { chat } = await call.beside();
    const refused = chat.say(text.trim());
    if (refused === null) change('');
    else if (refused !== 'empty') setProblem(refused);
  };

  return (
    <form
      class="compose"
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      {problem && (
        <p class="compose-problem" role="alert">
          {words.unsayable[problem]}
        </p>
      )}
      {files && (
        <>
          <input
            ref={picker}
            type="file"
            multiple
            hidden
            onChange={({ currentTarget }) => {
              const chosen = [...(currentTarget.files ?? [])];
              // The same file may be chosen again.
              currentTarget.value = '';
              void call.beside().then((beside) => beside.files.send(chosen));
            }}
          />
          <button
            type="button"
            class="compose-button"
            aria-label={words.attach}
            title={words.attach}
            onClick={() => picker.current?.click()}
          >
            <Glyph strokes={clip} />
          </button>
        </>
      )}
      <textarea
        ref={field}
        data-first
        rows={1}
        aria-label={words.write}
        placeholder={words.write}
        value={text}
        onInput={({ currentTarget }) => change(currentTarget.value)}
        onKeyDown={(event) => {
          // The Enter that ends a word of an input method is no Enter; 229 is what some say in its place.
          const composing = event.isComposing || event.keyCode === 229;
          if (event.key !== 'Enter' || event.shiftKey || composing) return;
          event.preventDefault();
          void send();
        }}
      />
      <button
        type="submit"
        class="compose-button send"
        aria-label={words.send}
        title={words.send}
        disabled={text.trim() === ''}
      >
        <Glyph strokes={arrow} />
      </button>
    </form>
  );
}
