// The dialog in which a class is made, and later changed.

import { useEffect, useRef, useState } from 'preact/hooks';

import { changeClass, createClass } from '../../api/calls';
import type { Fault } from '../../api/http';
import type { ClassCard, Policy } from '../../protocol/types';
import { words } from '../../text/text';
import { Button } from '../../ui/button';
import { Dialog } from '../../ui/dialog';
import { Check, Choices, Field } from '../../ui/field';
import { FaultNotice } from '../../ui/notice';
import { check, type DraftFaults, type DraftForm, formOf, newForm, TITLE_CHARS_MAX } from './draft';
import './draft.css';

const POLICIES: Policy[] = ['ask', 'roster', 'shut'];

/** Changes `card`, or makes a new class without one. */
export function DraftDialog(props: { card?: ClassCard; onDone: (card: ClassCard) => void; onClose: () => void }) {
  const { card } = props;
  const [form, setForm] = useState<DraftForm>(() => (card ? formOf(card) : newForm(Date.now())));
  const [faults, setFaults] = useState<DraftFaults>({});
  const [fault, setFault] = useState<Fault>();
  const [busy, setBusy] = useState(false);
  const element = useRef<HTMLFormElement>(null);
  const t = words().draft;

  useEffect(() => {
    element.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [faults]);

  const submit = async (event: Event) => {
    event.preventDefault();
    if (busy) return;
    const checked = check(form);
    setFault(undefined);
    setFaults('faults' in checked ? checked.faults : {});
    if ('faults' in checked) return;
    setBusy(true);
    const answer = card ? await changeClass(card.class, checked.draft) : await createClass(checked.draft);
    setBusy(false);
    if (!answer.ok) return setFault(answer.fault);
    props.onClose();
    props.onDone(answer.value);
  };

  return (
    <Dialog title={card ? t.change : t.create} onClose={props.onClose}>
      <form class="draft" ref={element} onSubmit={(event) => void submit(event)} noValidate>
        <DraftFields form={form} faults={faults} onChange={setForm} />
        <FaultNotice fault={fault} />
        <div class="dialog-foot">
          <Button onClick={props.onClose}>{words().common.cancel}</Button>
          <Button kind="primary" type="submit" busy={busy}>
            {card ? words().common.save : t.submitCreate}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function DraftFields(props: { form: DraftForm; faults: DraftFaults; onChange: (form: DraftForm) => void }) {
  const { form, faults } = props;
  const t = words().draft;
  const set = (change: Partial<DraftForm>) => props.onChange({ ...form, ...change });
  const titleFault = { empty: t.faults.noTitle, long: t.faults.longTitle(TITLE_CHARS_MAX) };
  return (
    <>
      <Field
        label={t.classTitle}
        hint={t.classTitleHint}
        fault={faults.title && titleFault[faults.title]}
        value={form.title}
        onValue={(title) => set({ title })}
        autoFocus
      />
      <div class="draft-when">
        <Field
          type="date"
          label={t.date}
          fault={faults.day && t.faults.noDate}
          value={form.day}
          onValue={(day) => set({ day })}
        />
        <Field
          type="time"
          label={t.clock}
          fault={faults.clock && t.faults.noClock}
          value={form.clock}
          onValue={(clock) => set({ clock })}
        />
      </div>
      <Choices
        legend={t.policy}
        value={form.policy}
        choices={POLICIES.map((value) => ({ value, ...t.policies[value] }))}
        onChange={(policy) => set({ policy })}
      />
      <Check
        title={t.familiar}
        hint={t.familiarHint}
        checked={form.familiar}
        onChange={(familiar) => set({ familiar })}
      />
    </>
  );
}
