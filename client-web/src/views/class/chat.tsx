// The chat of the class: one room, read and written by everyone who may.

import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';

import { CHAT_CHARS_MAX, type ChatMessage } from '../../protocol/types';
import { chatOpen, myRights } from '../../state/facts';
import { language, words } from '../../text/text';
import { toast } from '../../ui/announcer';
import { IconButton } from '../../ui/button';
import { Icon } from '../../ui/icon';
import { useAttendance } from './attendance';

/** Nearer to the end than this, one is reading along and wants to see the next message. */
const AT_END_PX = 48;

export function ChatPanel() {
  const { state } = useAttendance();
  const t = words().class.chat;
  return (
    <div class="panel-body chat">
      {state.chat.length === 0 ? <p class="second grow">{t.empty}</p> : <Messages messages={state.chat} />}
      <Composer />
    </div>
  );
}

function Messages({ messages }: { messages: readonly ChatMessage[] }) {
  const list = useRef<HTMLOListElement>(null);
  const isAtEnd = useRef(true);
  useLayoutEffect(() => {
    const element = list.current;
    if (element !== null && isAtEnd.current) element.scrollTop = element.scrollHeight;
  }, [messages]);
  return (
    <ol
      ref={list}
      class="messages"
      tabIndex={0}
      aria-label={words().class.chat.title}
      onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
        isAtEnd.current = scrollHeight - scrollTop - clientHeight < AT_END_PX;
      }}
    >
      {messages.map((message) => (
        <Message key={message.id} message={message} />
      ))}
    </ol>
  );
}

function Message({ message }: { message: ChatMessage }) {
  const attendance = useAttendance();
  const all = words().class;
  const t = all.chat;
  const isOwn = message.person === attendance.state.self?.person;
  const erase = (): void => {
    void attendance.ask({ chat: { erase: { message: message.id } } }).then((done) => {
      if (done) toast(t.erased);
    });
  };
  return (
    <li class={isOwn ? 'message own' : 'message'} data-person={message.person}>
      <p class="message-head">
        <strong>{message.name}</strong>
        {message.role === 'teacher' && <span class="tag">{all.teacher}</span>}
        <time class="hint tabular" dateTime={new Date(message.at).toISOString()}>
          {clockOf(message.at)}
        </time>
        {attendance.teaches && <IconButton icon="trash" label={t.erase(message.name)} class="message-erase" onClick={erase} />}
      </p>
      <p class="message-text" dir="auto">
        {message.text}
      </p>
    </li>
  );
}

function clockOf(at: number): string {
  return new Intl.DateTimeFormat(language(), { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(at);
}

function Composer() {
  const attendance = useAttendance();
  const { state } = attendance;
  const [text, setText] = useState('');
  const area = useRef<HTMLTextAreaElement>(null);
  const t = words().class;
  useEffect(() => {
    if (!attendance.isSmall.peek()) area.current?.focus();
  }, []);
  if (!chatOpen(state)) {
    return (
      <p class="notice">
        <Icon name="lock" />
        {attendance.observes ? t.observer.chat : myRights(state).chat ? t.closed.chatUnattended : t.closed.chat}
      </p>
    );
  }
  const send = (): void => {
    const said = text.trim();
    if (said === '') return;
    if ([...said].length > CHAT_CHARS_MAX) return toast(t.chat.tooLong(CHAT_CHARS_MAX), 'warning');
    setText('');
    void attendance.ask({ chat: { say: { text: said } } }).then((done) => {
      // What could not be sent is not lost, unless something else is being written already.
      if (!done) setText((now) => (now === '' ? said : now));
    });
  };
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <textarea
        ref={area}
        class="input"
        rows={2}
        aria-label={t.chat.write}
        placeholder={t.chat.write}
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
          event.preventDefault();
          send();
        }}
      />
      <IconButton icon="send" label={t.chat.send} kind="primary" type="submit" />
    </form>
  );
}
