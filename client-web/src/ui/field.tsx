// A form field with its label, its hint, and what is wrong with it, tied together for a screen reader.

import type { ComponentChildren, JSX } from 'preact';
import { useId } from 'preact/hooks';

import { Icon } from './icon';

interface FieldProps {
  label: string;
  hint?: string | undefined;
  fault?: string | undefined;
}

type InputProps = Pick<
  JSX.InputHTMLAttributes<HTMLInputElement>,
  'value' | 'onInput' | 'onChange' | 'maxLength' | 'min' | 'max' | 'placeholder' | 'required' | 'autoComplete' | 'autoFocus' | 'spellcheck'
> & { type?: 'text' | 'search' | 'date' | 'time' };

export function Field({ label, hint, fault, type = 'text', ...input }: FieldProps & InputProps) {
  const id = useId();
  return (
    <Labelled id={id} label={label} hint={hint} fault={fault}>
      <input {...input} type={type} class="input" id={id} {...described(id, hint, fault)} />
    </Labelled>
  );
}

export function TextArea({ label, hint, fault, ...area }: FieldProps & Omit<JSX.TextareaHTMLAttributes<HTMLTextAreaElement>, 'label' | 'class' | 'id'>) {
  const id = useId();
  return (
    <Labelled id={id} label={label} hint={hint} fault={fault}>
      <textarea {...area} class="input" id={id} {...described(id, hint, fault)} />
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
