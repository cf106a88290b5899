// A form field with its label, its hint, and what is wrong with it, tied together for a screen reader.

import type { ComponentChildren, Ref } from 'preact';
import { useId } from 'preact/hooks';

import { Icon } from './icon';

interface FieldProps {
  label: string;
  hint?: string | undefined;
  fault?: string | undefined;
}

interface InputProps extends FieldProps {
  type?: 'text' | 'password' | 'number' | 'date' | 'time';
  value: string;
  onValue: (value: string) => void;
  autoFocus?: boolean;
}

export function Field({ label, hint, fault, type = 'text', value, onValue, autoFocus }: InputProps) {
  const id = useId();
  const input = {
    class: 'input',
    id,
    value,
    autoFocus: autoFocus ?? false,
    autoComplete: 'off',
    onInput: (event: InputEvent) => onValue((event.currentTarget as HTMLInputElement).value),
    ...described(id, hint, fault),
  };
  return (
    <Labelled id={id} label={label} hint={hint} fault={fault}>
      {type === 'text' ? <input type="text" {...input} /> : <input type={type} {...input} />}
    </Labelled>
  );
}

interface AreaProps extends FieldProps {
  value: string;
  onValue: (value: string) => void;
  rows: number;
  placeholder?: string;
  areaRef?: Ref<HTMLTextAreaElement>;
}

export function TextArea({ label, hint, fault, value, onValue, rows, placeholder, areaRef }: AreaProps) {
  const id = useId();
  return (
    <Labelled id={id} label={label} hint={hint} fault={fault}>
      <textarea
        class="input"
        id={id}
        rows={rows}
        value={value}
        placeholder={placeholder}
        spellcheck={false}
        ref={areaRef ?? null}
        onInput={(event) => onValue(event.currentTarget.value)}
        {...described(id, hint, fault)}
      />
    </Labelled>
  );
}

function Labelled({ id, label, hint, fault, children }: FieldProps & { id: string; children: ComponentChildren }) {
  return (
    <div class="field">
      <label class="label" for={id}>
        {label}
      </label>
      {hint && (
        <span class="hint" id={`${id}-hint`}>
          {hint}
        </span>
      )}
      {children}
      {fault && (
        <span class="fault" id={`${id}-fault`}>
          <Icon name="warning" />
          {fault}
        </span>
      )}
    </div>
  );
}

function described(id: string, hint: string | undefined, fault: string | undefined) {
  const by = [hint && `${id}-hint`, fault && `${id}-fault`].filter(Boolean).join(' ');
  return { 'aria-describedby': by || undefined, 'aria-invalid': fault ? ('true' as const) : undefined };
}

export interface Choice<Value extends string> {
  value: Value;
  title: string;
  hint?: string;
}

/** One of a few, each explained. */
export function Choices<Value extends string>(props: {
  legend: string;
  choices: Choice<Value>[];
  value: Value;
  onChange: (value: Value) => void;
}) {
  const name = useId();
  return (
    <fieldset class="choices">
      <legend>{props.legend}</legend>
      {props.choices.map(({ value, title, hint }) => (
        <label class="choice" key={value}>
          <input
            type="radio"
            name={name}
            value={value}
            checked={value === props.value}
            onChange={() => props.onChange(value)}
          />
          <span>
            <span class="choice-title">{title}</span>
            {hint && <span class="choice-hint">{hint}</span>}
          </span>
        </label>
      ))}
    </fieldset>
  );
}

/** Yes or no, with what it means. */
export function Check(props: { title: string; hint?: string; checked: boolean; onChange: (checked: boolean) => void }) {
  return (
    <label class="choice">
      <input type="checkbox" checked={props.checked} onChange={(event) => props.onChange(event.currentTarget.checked)} />
      <span>
        <span class="choice-title">{props.title}</span>
        {props.hint && <span class="choice-hint">{props.hint}</span>}
      </span>
    </label>
  );
}
