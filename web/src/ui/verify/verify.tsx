import type { CallSnapshot, Code } from '../../call';
import { language } from '../i18n';
import { inLanguage } from '../i18n/later';
import { useModal } from '../modal';
import '../style/dialog.css';
import './verify.css';
import type { ToolProps } from '../tools';
import { signOf } from './signs';
import { verifyWords } from './words';

const words = inLanguage(verifyWords);

/** Who could be listening, and the signs by which two people can tell. */
export function Verify({ snapshot, onClose }: ToolProps) {
  const dialog = useModal();
  const { sealed, code } = snapshot;
  return (
    <dialog ref={dialog} class="dialog verify" aria-labelledby="verify-heading" onClose={onClose}>
      <div class="verify-body">
        <h2 id="verify-heading" tabIndex={-1} autofocus>
          {sealed ? words.sealed : words.unsealed}
        </h2>
        <p>{sealed ? words.sealedText : words.unsealedText}</p>
        {isCode(code) ? (
          <>
            <p>{words.compare}</p>
            <Signs code={code} />
          </>
        ) : (
          <p role="status" class={code ? 'broken' : undefined}>
            {code ? words.broken : words.none}
          </p>
        )}
        <button type="button" class="primary" onClick={() => dialog.current?.close()}>
          {words.close}
        </button>
      </div>
    </dialog>
  );
}

function isCode(code: CallSnapshot['code']): code is Code {
  return typeof code === 'object' && code !== null;
}

function Signs({ code }: { code: Code }) {
  return (
    <ol class="signs" aria-label={words.signs}>
      {code.map((number) => {
        const { sign, name } = signOf(number, language.key);
        return (
          <li>
            <span aria-hidden="true">{sign}</span>
            {name}
          </li>
        );
      })}
    </ol>
  );
}
